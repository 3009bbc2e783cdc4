//! Strikes faults on the path of a real replica, and makes the table of `docs/faults.md`.

mod page;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Parser;
use eastwest::leftovers::clear_when_interrupted;
use eastwest::mysql::{Flavor, Packages};
use eastwest_e2e::eastwest;
use eastwest_e2e::faults::{Fault, Ground, Outcome, table};

/// Faults on the path of a real MySQL replica, one after the other, under load
///
/// The two clusters of the demo, with NAT between them. For each fault: when the app is told, when
/// rows arrive again, and whether all rows are the same on both sides.
#[derive(Debug, Parser)]
#[command(name = "faults")]
struct Args {
    /// Names of faults, with commas [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = named)]
    only: Vec<Fault>,
    /// How often each is struck
    #[arg(long, value_name = "N", default_value = "1")]
    rounds: u32,
    /// File for the table, with its heading
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn named(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| {
        let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        format!("the faults are {}", names.join(", "))
    })
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let _survived = clear_when_interrupted(&eastwest())?;
    let installed = Packages::in_default_cache()?.ensure(Flavor::MySql)?;
    let version = installed.version().to_owned();
    let mut ground = Ground::prepare(installed)?;
    let (faults, mut outcomes, mut problems) = (chosen(args), Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        for &fault in &faults {
            let outcome = ground.suffer(fault).context(fault.name())?;
            say(&outcome)?;
            problems.extend(outcome.problems());
            outcomes.push(outcome);
        }
    }
    let table = table(&outcomes);
    match &args.markdown {
        Some(file) => {
            let page = page::page(args.rounds, &version, &table)?;
            std::fs::write(file, page).with_context(|| file.display().to_string())?;
        }
        None => write!(io::stdout(), "\n{table}")?,
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(anyhow!(problems.join("; ")))
}

fn chosen(args: &Args) -> Vec<Fault> {
    match args.only.is_empty() {
        true => Fault::ALL.to_vec(),
        false => args.only.clone(),
    }
}

fn say(outcome: &Outcome) -> io::Result<()> {
    let told = match outcome.told {
        Some(told) => format!("told after {told:.2?}"),
        None => "not told".to_owned(),
    };
    let reason = outcome.reasons.join(", ");
    let thread = match outcome.thread_gone {
        Some(gone) => format!("{gone:.2?}"),
        None => "-".to_owned(),
    };
    writeln!(
        io::stdout(),
        "{}: {told} ({reason}), source's thread {thread}, rows again after {:.2?}, all after {:.2?}; {}",
        outcome.fault.name(),
        outcome.again,
        outcome.all,
        outcome.compared,
    )
}
