//! `eastwest conns`: the connections of a server, once or again and again.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::quantities::{bytes, time};
use super::rates::{Rate, Reading};
use super::server::AdminArgs;
use super::told::{Row, Told};
use super::watch::{self, Place};
use super::{Output, history, print_json};
use crate::one_line::in_one_line;
use crate::table::Table;

const HEAD: [&str; 10] = [
    "ID", "ROUTE", "FROM", "IDENTITY", "AGE", "UP", "DOWN", "UP/S", "DOWN/S", "STATE",
];
/// What a narrow terminal does without: who talks to whom and how fast is what one looks for.
const SPARE: [&str; 6] = ["ID", "IDENTITY", "AGE", "STATE", "UP", "DOWN"];

/// Time between the two readings from which rates are worked out.
const BETWEEN: Duration = Duration::from_millis(500);

/// List the connections of a running gateway or shim: where to, from whom, how much and how fast
///
/// The newest 200. Rates come from two readings half a second apart; with --watch from one second to the
/// next.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 they were listed, also where there is none, and after Ctrl-C under --watch,
1 the server could not be asked, or no longer, 2 wrong usage.

Examples:
  eastwest conns
  eastwest conns --watch
  eastwest conns --wide | less -S
  eastwest conns --history --limit 20")]
pub struct ConnsArgs {
    /// List them again each second, until Ctrl-C: in place on a terminal, one table after the other elsewhere
    #[arg(long, conflicts_with = "history")]
    watch: bool,
    /// List the last connections, those that are over as well, with the times of each stage
    #[arg(long)]
    history: bool,
    /// How many of the history
    #[arg(long, value_name = "N", default_value_t = 50, requires = "history")]
    limit: usize,
    /// All columns, whole, however narrow the terminal is
    ///
    /// Without it, one that has no room for all is spared ID, IDENTITY, AGE, STATE, UP and DOWN, in this
    /// order, and of the history UP, DOWN, HELLO, DNS, LAST, FROM, FIRST UP and OPENED; then long names are
    /// shortened. Where the output is no terminal, all is there anyway.
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    server: AdminArgs,
    /// How to print; under --watch one JSON object a line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs it.
///
/// # Errors
/// When the server cannot be asked, or nothing be printed.
pub fn run(args: &ConnsArgs) -> anyhow::Result<ExitCode> {
    if args.history {
        history::print(&args.server, args.limit, args.wide, args.output)?;
    } else if args.watch {
        let mut before = None;
        let place = match args.output {
            Output::Json => Place::Next,
            Output::Text if io::stdout().is_terminal() => Place::Same,
            Output::Text => Place::Below,
        };
        watch::each_second(place, |out| {
            let listed = Listed::by(&args.server, before.as_ref())?;
            match args.output {
                Output::Text => listed.print(out, args.wide)?,
                Output::Json => {
                    serde_json::to_writer(&mut *out, &listed.json())?;
                    writeln!(out)?;
                }
            }
            before = Some(listed.reading);
            Ok(())
        })?;
    } else {
        let mut listed = Listed::by(&args.server, None)?;
        if !listed.rows.is_empty() {
            sleep(BETWEEN);
            listed = Listed::by(&args.server, Some(&listed.reading))?;
        }
        let mut out = io::stdout().lock();
        match args.output {
            Output::Text => listed.print(&mut out, args.wide)?,
            Output::Json => print_json(&mut out, &listed.json())?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Connections with their rates.
struct Listed {
    now: String,
    whole: Value,
    open: usize,
    rows: Vec<(Row, Option<Rate>)>,
    reading: Reading,
}

impl Listed {
    fn by(server: &AdminArgs, before: Option<&Reading>) -> anyhow::Result<Self> {
        let told = Told::by(server)?;
        let at = Instant::now();
        let rows = told.status.connections.rows;
        let program = told.status.program;
        let process = (program.pid, program.started);
        let reading = Reading::of(process.clone(), &rows, at);
        let rate = |row: &Row| before?.rate_of(&process, row, at);
        Ok(Self {
            now: told.status.now,
            whole: told.whole,
            open: told.status.connections.open,
            rows: rows
                .into_iter()
                .map(|row| {
                    let rate = rate(&row);
                    (row, rate)
                })
                .collect(),
            reading,
        })
    }

    fn print(&self, out: &mut impl Write, wide: bool) -> io::Result<()> {
        let shown = self.rows.len();
        let of_them = match self.open > shown {
            true => format!(", the newest {shown} here"),
            false => String::new(),
        };
        writeln!(
            out,
            "{} open at {}{of_them}",
            self.open,
            in_one_line(&self.now)
        )?;
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(HEAD).sparing(&SPARE);
        for (row, rate) in &self.rows {
            let speed = |of: fn(&Rate) -> f64| match rate {
                Some(rate) => bytes(of(rate)),
                None => "-".to_owned(),
            };
            table.row([
                in_one_line(row.connection_id.as_deref().unwrap_or("-")),
                in_one_line(row.route.as_deref().unwrap_or("-")),
                in_one_line(&row.peer),
                in_one_line(row.identity.as_deref().unwrap_or("-")),
                time(row.age_seconds),
                bytes(row.bytes_to_upstream as f64),
                bytes(row.bytes_to_peer as f64),
                speed(|rate| rate.to_upstream),
                speed(|rate| rate.to_peer),
                in_one_line(&row.state),
            ]);
        }
        match wide {
            true => table.print_whole(out),
            false => table.print(out),
        }
    }

    /// As the server tells them, with the rates beside the counts.
    fn json(&self) -> Value {
        let mut connections = self.whole.get("connections").cloned().unwrap_or_default();
        let rows = connections.get_mut("rows").and_then(Value::as_array_mut);
        for (told, (_, rate)) in rows.into_iter().flatten().zip(&self.rows) {
            if let Some(told) = told.as_object_mut() {
                let up = rate.map(|rate| rate.to_upstream);
                let down = rate.map(|rate| rate.to_peer);
                told.insert("bytes_per_second_to_upstream".to_owned(), json!(up));
                told.insert("bytes_per_second_to_peer".to_owned(), json!(down));
            }
        }
        if let Some(told) = connections.as_object_mut() {
            told.insert("now".to_owned(), json!(self.now));
        }
        connections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spared_is_a_column_and_said_in_this_order() {
        assert!(SPARE.iter().all(|spare| HEAD.contains(spare)));
        let command = <ConnsArgs as clap::Args>::augment_args(clap::Command::new("conns"));
        let wide = command.get_arguments().find(|arg| arg.get_id() == "wide");
        let help = wide.unwrap().get_long_help().unwrap().to_string();
        let help = help.replace('\n', " ");
        for (spare, behind) in [(&SPARE[..], ", in this order"), (&history::SPARE, "; then")] {
            let (last, rest) = spare.split_last().unwrap();
            let order = format!("{} and {last}{behind}", rest.join(", "));
            assert!(help.contains(&order), "{order:?} in {help}");
        }
    }
}
