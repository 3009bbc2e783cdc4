//! All that a host sends and gets, by the program `packets` on it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use eastwest::leftovers::Guarded;
use eastwest::stage::Host;
use thiserror::Error;

/// Longer than the program waits for its own last packet.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it is not known what was sent.
#[derive(Debug, Error)]
pub enum PacketsError {
    /// Something of it could not be run or read.
    #[error("capturing packets: {0}")]
    Io(#[from] io::Error),
    /// It has not seen all.
    #[error("capturing packets ended with {status}: {said}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        said: String,
    },
    /// It did not end.
    #[error("capturing packets has not ended after {PATIENCE:?}")]
    NotEnded,
}

/// A capture that goes on, killed when it is dropped.
#[derive(Debug)]
pub struct Packets {
    program: Guarded,
    file: PathBuf,
}

impl Packets {
    /// Writes down every packet of a host from now on; `program` is the path of `packets`.
    ///
    /// # Errors
    /// When it does not begin.
    pub fn of(host: &dyn Host, program: &str, file: &Path) -> Result<Self, PacketsError> {
        let mut command = host.command(OsStr::new(program));
        command.arg(file);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut packets = Self {
            program: Guarded::spawn(&mut command)?,
            file: file.to_owned(),
        };
        let out = packets.program.stdout.as_mut();
        if out.is_some_and(|out| out.read_exact(&mut [0]).is_ok()) {
            return Ok(packets);
        }
        Err(packets
            .ended()?
            .map_or(PacketsError::NotEnded, |status| PacketsError::Failed {
                status,
                said: packets.said(),
            }))
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// All that have been sent until now, one after the other.
    ///
    /// # Errors
    /// When one may be missing.
    pub fn all(mut self) -> Result<Vec<u8>, PacketsError> {
        drop(self.program.stdin.take());
        match self.ended()? {
            None => Err(PacketsError::NotEnded),
            Some(status) if status.success() => Ok(fs::read(&self.file)?),
            Some(status) => Err(PacketsError::Failed {
                status,
                said: self.said(),
            }),
        }
    }

    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.program.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }

    /// Of a program that has ended: it says a line at most.
    fn said(&mut self) -> String {
        let mut said = String::new();
        if let Some(mut errors) = self.program.stderr.take() {
            // What is no text is of no use to whoever reads it.
            let _ = errors.read_to_string(&mut said);
        }
        said.trim().to_owned()
    }
}
