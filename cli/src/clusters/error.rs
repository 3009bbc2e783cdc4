//! What can go wrong with the clusters.

use std::io;
use std::path::PathBuf;

use super::programs::ProgramError;
use crate::certs::CertError;
use crate::stage::StageError;
use crate::stage::zone::ZoneError;

/// Why the clusters are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum ClustersError {
    /// The namespaces.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The DNS of cluster A.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// A certificate.
    #[error("certificates: {0}")]
    Certificates(String),
    /// A certificate could not be made or written.
    #[error(transparent)]
    Certs(#[from] CertError),
    /// A file or folder of the clusters.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The loopback addresses have room for one set of clusters.
    #[error(
        "a demo runs on the loopback addresses of this machine already{}, and two would share \
         them: end it first, with Ctrl-C where it runs",
        .by.map(|process| format!(" (process {process})")).unwrap_or_default()
    )]
    LoopbackTaken {
        /// The process that has them, if it can be seen.
        by: Option<i32>,
    },
    /// The loopback addresses could not be claimed.
    #[error("cannot claim the loopback addresses: {0}")]
    Loopback(io::Error),
    /// There is no place for the files of the clusters.
    #[error(
        "cannot make a folder for temporary files: {0}; set TMPDIR to a folder that can be written to"
    )]
    TemporaryFolder(io::Error),
    /// One of the programs.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A program that was never started.
    #[error("no program {0} has been started")]
    NoProgram(String),
    /// A short-lived program could not be run.
    #[error("cannot run {what}: {source}")]
    Run {
        /// Its arguments.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A short-lived program said something else than expected.
    #[error("{what} failed: {said}")]
    Answer {
        /// Its arguments.
        what: String,
        /// What it printed.
        said: String,
    },
    /// A database, or what became of its rows.
    #[error("{0}")]
    Database(String),
    /// The resolver could not be asked.
    #[error("asking the resolver: {0}")]
    Resolver(String),
}
