//! `eastwest logs`: what the logs of several processes say together.

mod compressed;
mod ended;
mod fields;
mod join;
mod line;
mod output;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;

use join::Connection;
use line::{AccessLine, NotRead};

use crate::progress::Progress;

/// Longest line that is read, many times what a server writes: a file without line ends would be held as a whole.
const LONGEST: usize = 1 << 20;

/// Read the logs of gateways and shims
#[derive(Debug, clap::Args)]
pub struct LogsArgs {
    #[command(subcommand)]
    command: LogsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LogsCommand {
    Join(JoinArgs),
}

/// Make one line for each connection of what the shims and the gateway on its way say of it
///
/// Reads the lines that each process writes at the end of a connection, in both forms of --log-format and
/// whatever stands before them (`kubectl logs --prefix`, journalctl, the files of containerd) or around them
/// (Docker's json-file, journalctl -o json), and joins those that have the same `connection.id`. What else is in
/// the logs is passed over. A connection of which a process on its way has no line is shown with what there is.
///
/// Exit status 0, also where lines could not be read, or a file has none of these: that is said on standard
/// error. 1: a file could not be read, or is compressed.
#[derive(Debug, clap::Args)]
struct JoinArgs {
    /// Logs, in any order and of any number of processes; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each connection
    Text,
    /// One object
    Json,
}

/// A line that should have been of use.
#[derive(Debug)]
struct BadLine {
    file: PathBuf,
    line: usize,
    why: NotRead,
}

/// What was found in the files.
#[derive(Debug, Default)]
struct Read {
    lines: Vec<AccessLine>,
    bad: Vec<BadLine>,
    /// Files that have nothing of that, with how many lines they have.
    without: Vec<(PathBuf, usize)>,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be read, or nothing be printed.
pub fn run(args: &LogsArgs) -> anyhow::Result<ExitCode> {
    let LogsCommand::Join(args) = &args.command;
    let mut read = Read::default();
    let progress = Progress::of("reading");
    for file in &args.files {
        progress.now(format!("reading {}", file.display()));
        read.file(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
    }
    let Read {
        lines,
        bad,
        without,
    } = read;
    let connections: Vec<Connection> = join::join(lines);
    drop(progress);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.output {
        Format::Text => output::text(&mut out, &connections)?,
        Format::Json => output::json(&mut out, &connections, &bad, &without)?,
    }
    out.flush()?;
    for BadLine { file, line, why } in bad {
        let _ = writeln!(io::stderr(), "{}:{line}: {why}", file.display());
    }
    for (file, lines) in without {
        let said = match lines {
            0 => "it is empty".to_owned(),
            lines => format!(
                "none of its {lines} lines says how a connection of a gateway or a shim ended"
            ),
        };
        let _ = writeln!(io::stderr(), "{}: {said}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

impl Read {
    fn file(&mut self, path: &Path) -> io::Result<()> {
        if path == Path::new("-") {
            return self.all(path, io::stdin().lock());
        }
        self.all(path, BufReader::new(File::open(path)?))
    }

    fn all(&mut self, file: &Path, mut from: impl BufRead) -> io::Result<()> {
        let (mut bytes, mut number) = (Vec::new(), 0);
        let found = |read: &Self| read.lines.len() + read.bad.len();
        let before = found(self);
        loop {
            bytes.clear();
            let most = LONGEST as u64 + 1;
            if from.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
                if found(self) == before {
                    self.without.push((file.to_owned(), number));
                }
                return Ok(());
            }
            if number == 0 {
                compressed::refuse(&bytes)?;
            }
            number += 1;
            let is_long = bytes.len() > LONGEST && !bytes.ends_with(b"\n");
            let line = if is_long {
                from.skip_until(b'\n')?;
                Err(NotRead::Long)
            } else {
                line::read(&bytes)
            };
            match line {
                Ok(None) => {}
                Ok(Some(mut line)) => {
                    line.file = file.to_owned();
                    line.number = number;
                    self.lines.push(line);
                }
                Err(why) => self.bad.push(BadLine {
                    file: file.to_owned(),
                    line: number,
                    why,
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
