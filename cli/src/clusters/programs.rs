//! Programs on the clusters' hosts: started with a log each, awaited, stopped.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::open::Counted;
use crate::leftovers::Guarded;

/// How much of a log an error shows.
const TAIL_LINES: usize = 12;

/// Whether there is room where programs log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDisk {
    /// Each has a file.
    HasRoom,
    /// Every write fails for want of space.
    Full,
}

/// Fails every write with ENOSPC (full(4)).
const FULL_DISK: &str = "/dev/full";

/// A program that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    log: PathBuf,
    /// Where this start begins in the log, which goes on over restarts.
    begins: u64,
    child: Guarded,
    counted: Option<Counted>,
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
    /// It did not end in time.
    #[error("{name} has not ended after {after:?}; its last lines:\n{tail}")]
    NotEnded {
        /// Which program.
        name: String,
        /// How long was waited.
        after: Duration,
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
    pub fn start(name: &str, command: Command, logs: &Path) -> Result<Self, ProgramError> {
        Self::start_on(name, command, logs, LogDisk::HasRoom)
    }

    /// The same, with or without room for what it prints.
    pub(super) fn start_on(
        name: &str,
        mut command: Command,
        logs: &Path,
        disk: LogDisk,
    ) -> Result<Self, ProgramError> {
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
        let begins = out.metadata().map_err(start)?.len();
        let out = match disk {
            LogDisk::HasRoom => out,
            LogDisk::Full => File::options().write(true).open(FULL_DISK).map_err(start)?,
        };
        let err = out.try_clone().map_err(start)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = Guarded::spawn(&mut command).map_err(start)?;
        Ok(Self {
            name: name.to_owned(),
            log,
            begins,
            child,
            counted: None,
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

    /// Where its metrics are, and what it had open when it was ready; none unless it was asked to be
    /// counted.
    #[must_use]
    pub const fn counted(&self) -> Option<&Counted> {
        self.counted.as_ref()
    }

    pub(super) fn count_from(&mut self, counted: Counted) {
        self.counted = Some(counted);
    }

    /// Whether it has neither ended nor been stopped by a signal.
    #[must_use]
    pub fn goes_on(&mut self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // proc_pid_stat(5): the state follows the name, which is in brackets.
        let state = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        self.still_runs().is_ok() && !matches!(state, None | Some('T' | 'Z' | 'X'))
    }

    /// All that it has printed since it was started.
    #[must_use]
    pub fn printed(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            file.seek(SeekFrom::Start(self.begins))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    /// Asks `ready` until it says yes; it is given what the program has printed.
    ///
    /// # Errors
    /// When the program ends before, or `limit` is over.
    pub fn await_ready(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut(&str) -> bool,
    ) -> Result<(), ProgramError> {
        let begun = Instant::now();
        loop {
            self.still_runs()?;
            if ready(&self.printed()) {
                // What has answered may be another program, at an address that this one did not get.
                return self.still_runs();
            }
            if begun.elapsed() > limit {
                return Err(ProgramError::NotReady {
                    name: self.name.clone(),
                    after: limit,
                    tail: self.tail(),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Errors
    /// When it ends with a failure, or has not ended when `limit` is over.
    pub fn await_end(&mut self, limit: Duration) -> Result<(), ProgramError> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(_)) => return self.still_runs(),
                _ if begun.elapsed() > limit => {
                    return Err(ProgramError::NotEnded {
                        name: self.name.clone(),
                        after: limit,
                        tail: self.tail(),
                    });
                }
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn still_runs(&mut self) -> Result<(), ProgramError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(ProgramError::Ended {
                name: self.name.clone(),
                status,
                tail: self.tail(),
            }),
            _ => Ok(()),
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

#[cfg(test)]
mod tests;
