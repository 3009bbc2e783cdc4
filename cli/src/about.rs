//! What the program says of itself: `version`, `completion`, `man`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;

mod completion;
mod man;
mod program;
mod version;

/// What is to be said.
#[derive(Debug, clap::Subcommand)]
pub enum AboutCommand {
    /// Say which program this is: version, commit, compiler, TLS, and whether the CPU helps with AES
    Version(version::VersionArgs),
    /// Print what a shell needs to complete command lines of these programs
    Completion(completion::CompletionArgs),
    /// Print a manual page, or write all of them to a folder
    Man(man::ManArgs),
}

/// Says it. `tool` is the command line of this program.
///
/// # Errors
/// When it can't be printed, or not be written to a folder.
pub fn run(command: &AboutCommand, tool: Command) -> anyhow::Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match command {
        AboutCommand::Version(args) => version::print(args, &mut out)?,
        AboutCommand::Completion(args) => completion::print(args, &tool, &mut out)?,
        AboutCommand::Man(args) => return man::run(args, &tool, &mut out),
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
