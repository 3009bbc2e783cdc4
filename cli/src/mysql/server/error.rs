//! Why a server did not start or stop.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use crate::mysql::datadir::DatadirError;

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Its socket would have too long a path (unix(7): 108 bytes with the final zero).
    #[error(
        "the data directory {datadir} is {over} bytes too long for the Unix socket in it; \
         choose a shorter path"
    )]
    PathTooLong {
        /// The data directory.
        datadir: PathBuf,
        /// By how much.
        over: usize,
    },
    /// There is no data directory, and none could be made.
    #[error(transparent)]
    Datadir(#[from] DatadirError),
    /// The program did not start.
    #[error("the server did not start on {host}: {source}")]
    NotStarted {
        /// The host.
        host: String,
        /// The system's words.
        source: io::Error,
    },
    /// The server ended while it started.
    #[error("the server on {host} ended with {status} while starting; its log ends:\n{log}")]
    Ended {
        /// The host.
        host: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its error log.
        log: String,
    },
    /// The server runs but does not answer.
    #[error(
        "the server on {host} did not answer on its socket within {} s; its log ends:\n{log}",
        waited.as_secs_f32()
    )]
    NotReady {
        /// The host.
        host: String,
        /// How long it was waited for.
        waited: Duration,
        /// The last lines of its error log.
        log: String,
    },
    /// The file system refused something.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl StartError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// Why a signal did not reach a server.
#[derive(Debug, Error)]
pub enum StopError {
    /// The system refused the signal.
    #[error("sending {signal} to the server, process {pid}: {source}")]
    Signal {
        /// Its process.
        pid: u32,
        /// The signal's name.
        signal: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// The process id is none that kill(2) takes.
    #[error("{pid} is no process id")]
    BadPid {
        /// The number.
        pid: u32,
    },
}
