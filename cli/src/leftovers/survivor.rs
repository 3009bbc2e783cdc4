//! A process that clears up what another has left, however that one has ended:
//! `eastwest leftovers-survivor`.

use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use anyhow::Context;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::setsid;
use serde::{Deserialize, Serialize};

use super::{Leftovers, descriptor};

/// What this crate's program is run as to clear up.
#[derive(Debug, clap::Subcommand)]
pub enum LeftoversCommand {
    /// Clear up what standard input tells of when it ends
    #[command(hide = true)]
    LeftoversSurvivor,
}

/// One line to the survivor; it answers each with a line when it knows.
#[derive(Serialize, Deserialize)]
pub(super) enum Left {
    Program(u32),
    // No `PathBuf`, of which serde takes UTF-8 only.
    Folder(OsString),
}

/// The survivor, as the process sees it that may die.
pub(super) struct Survivor {
    process: Child,
    // It sees the end of this pipe when we are no more: no other process has our side of it.
    tells: Option<ChildStdin>,
    nods: ChildStdout,
}

impl Survivor {
    pub(super) fn start(eastwest: &Path) -> io::Result<Self> {
        let mut process = Command::new(eastwest)
            .arg("leftovers-survivor")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Whoever reads what we print is not to wait for what outlives us.
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (tells, nods) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            process,
            tells: Some(tells),
            nods,
        })
    }

    /// Returns when it knows, so that its view of a program's number is of this very program.
    pub(super) fn tell(&mut self, left: &Left) -> io::Result<()> {
        let mut line = serde_json::to_vec(left)?;
        line.push(b'\n');
        let tells = self.tells.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        tells.write_all(&line)?;
        self.nods.read_exact(&mut [0])
    }
}

impl Drop for Survivor {
    fn drop(&mut self) {
        // At an orderly end there is nothing left for it, and nothing may be left of it.
        self.tells = None;
        let _ = self.process.wait();
    }
}

/// Runs the command.
///
/// # Errors
/// When what it is told makes no sense.
pub fn run(command: &LeftoversCommand) -> anyhow::Result<ExitCode> {
    let LeftoversCommand::LeftoversSurvivor = command;
    outlive_the_terminal().context("letting go of the terminal")?;
    let mut leftovers = Leftovers::none();
    let heard = listen(&mut leftovers);
    leftovers.clear();
    heard.map(|()| ExitCode::SUCCESS)
}

fn listen(leftovers: &mut Leftovers) -> anyhow::Result<()> {
    let mut nods = io::stdout();
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?)? {
            Left::Program(id) => {
                leftovers.forget_ended();
                leftovers.programs.insert(id, descriptor(id)?);
            }
            Left::Folder(path) => leftovers.folders.push(PathBuf::from(path)),
        }
        nods.write_all(b"\n")?;
        nods.flush()?;
    }
    Ok(())
}

/// Ctrl-C, a closed terminal or a polite kill end what this process clears up after, but not this
/// process: its end is the end of standard input, which the kernel sees to however the other dies.
pub(crate) fn outlive_the_terminal() -> nix::Result<()> {
    setsid()?;
    [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ]
    .into_iter()
    .collect::<SigSet>()
    .thread_block()
}
