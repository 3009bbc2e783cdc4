//! Programs on the clusters' hosts: started with a log each, awaited, stopped.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::leftovers::Guarded;

/// How much of a log an error shows.
const TAIL_LINES: usize = 12;

/// A program that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    log: PathBuf,
    child: Guarded,
}

/// What went wrong with a program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It could not be started.
    #[error("cannot start {name}: {source}")]
    Start {
        /// Which program.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("{name} ended with {status}; its last lines:\n{tail}")]
    Ended {
        /// Which program.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        tail: String,
    },
    /// It did not become ready in time.
    #[error("{name} is not ready after {after:?}; its last lines:\n{tail}")]
    NotReady {
        /// Which program.
        name: String,
        /// How long was waited.
        after: Duration,
        /// The end of its log.
        tail: String,
    },
}

impl Program {
    /// Starts `command`; what it prints goes to a file under `logs`.
    ///
    /// # Errors
    /// When the program or its log cannot be started.
    pub fn start(name: &str, mut command: Command, logs: &Path) -> Result<Self, ProgramError> {
        let log = logs.join(format!("{name}.log"));
        let start = |source| ProgramError::Start {
            name: name.to_owned(),
            source,
        };
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(start)?;
        let err = out.try_clone().map_err(start)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = Guarded::spawn(&mut command).map_err(start)?;
        Ok(Self {
            name: name.to_owned(),
            log,
            child,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has printed.
    #[must_use]
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks `ready` until it says yes.
    ///
    /// # Errors
    /// When the program ends before, or `limit` is over.
    pub fn await_ready(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), ProgramError> {
        let begun = Instant::now();
        loop {
            if ready() {
                return Ok(());
            }
            let name = self.name.clone();
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(ProgramError::Ended {
                    name,
                    status,
                    tail: self.tail(),
                });
            }
            if begun.elapsed() > limit {
                return Err(ProgramError::NotReady {
                    name,
                    after: limit,
                    tail: self.tail(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill();
    }

    fn tail(&self) -> String {
        let printed = self.printed();
        let lines: Vec<_> = printed.lines().collect();
        lines
            .get(lines.len().saturating_sub(TAIL_LINES)..)
            .unwrap_or_default()
            .join("\n")
    }
}
