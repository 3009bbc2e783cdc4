//! The `eastwest` tool: see `eastwest --help`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use eastwest::stage::{self, StageCommand};

#[derive(Parser)]
#[command(name = "eastwest", version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Stage(StageCommand),
}

/// Starts no thread and no runtime by itself: the stage's subcommands need a process with one thread.
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Stage(command) => stage::run(&command),
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "eastwest: {error:#}");
        ExitCode::FAILURE
    })
}
