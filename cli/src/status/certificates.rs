//! `eastwest certs show`: the certificates that a running server uses.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use super::quantities::time;
use super::server::AdminArgs;
use super::told::{Certificate, Told};
use super::{CERTIFICATE, Output, print_json};
use crate::one_line::in_one_line;
use crate::table::Table;

/// Show the certificates that a running server uses, and how long each is valid
///
/// Asks its admin address. A gateway has none, unless it may be asked by doctor (--probe-identity).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 all are valid, 1 the server could not be asked, 2 wrong usage, 5 one is not valid,
or ends within the hour.")]
pub struct ShowArgs {
    #[command(flatten)]
    server: AdminArgs,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs it.
///
/// # Errors
/// When the server cannot be asked, or nothing be printed.
pub fn show(args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let told = Told::by(&args.server)?;
    let certificates = &told.status.certificates;
    let mut out = io::stdout().lock();
    match (args.output, certificates.as_slice()) {
        (Output::Json, _) => {
            let shown = told.whole.get("certificates");
            print_json(&mut out, shown.unwrap_or(&Value::Null))?;
        }
        (Output::Text, []) => writeln!(out, "this server has no certificate")?,
        (Output::Text, certificates) => print(&mut out, certificates)?,
    }
    let all_valid = certificates.iter().all(|one| one.state == "valid");
    Ok(match all_valid {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(CERTIFICATE),
    })
}

fn print(out: &mut impl Write, certificates: &[Certificate]) -> io::Result<()> {
    let mut table = Table::new(["STATE", "LEFT", "UNTIL", "FOR", "SUBJECT", "FILE"]);
    for one in certificates {
        let left = match one.seconds_left {
            left if left < 0 => "-".to_owned(),
            left => time(left as f64),
        };
        table.row([
            in_one_line(&one.state),
            left,
            in_one_line(&one.not_after),
            in_one_line(&one.name),
            in_one_line(&one.subject),
            in_one_line(&one.file),
        ]);
    }
    table.print(out)?;
    for one in certificates {
        if let Some(reason) = &one.reason {
            writeln!(
                out,
                "\n  {}: {}",
                in_one_line(&one.subject),
                in_one_line(reason)
            )?;
        }
    }
    Ok(())
}
