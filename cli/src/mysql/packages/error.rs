//! Why a server could not be fetched.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::mysql::flavor::Flavor;
use crate::mysql::installed::LayoutError;

/// Why a server could not be fetched, and what to do about it.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There is no place to keep it.
    #[error("no directory to keep servers in: set HOME or XDG_CACHE_HOME to an absolute path")]
    NoCacheDir,
    /// The place to keep it cannot be used.
    #[error(
        "cannot keep servers in {dir}: {source}; set XDG_CACHE_HOME to a folder that can be \
         written to"
    )]
    BadCacheDir {
        /// The cache directory.
        dir: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A program of Debian's package tools is missing.
    #[error(
        "cannot run {program}: {source}; servers are fetched as Debian packages, so on another \
         system unpack one yourself and give its directory"
    )]
    NoProgram {
        /// The program.
        program: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// This machine's apt knows no archive to ask.
    #[error(
        "apt on this machine knows no Debian mirror (`apt-get indextargets` names no suite with \
         component main): add one to /etc/apt/sources.list, or unpack a {flavor} server yourself \
         and give its directory"
    )]
    NoMirror {
        /// The server that was asked for.
        flavor: Flavor,
    },
    /// The mirror works, but its suite does not have the server now, or not all that it needs.
    ///
    /// Debian unstable moves, so this can happen to MySQL on any day.
    #[error("{flavor} is not to be had from Debian {suite} now: {apt}")]
    NotInSuite {
        /// The server that was asked for.
        flavor: Flavor,
        /// The suite that was searched.
        suite: &'static str,
        /// What apt says.
        apt: String,
    },
    /// Another step of fetching failed.
    #[error("fetching {flavor} failed: `{command}` ended with {status}: {said}")]
    Failed {
        /// The server that was asked for.
        flavor: Flavor,
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// The last of what it printed.
        said: String,
    },
    /// What was unpacked is no server, or does not run here.
    #[error(transparent)]
    Layout(#[from] LayoutError),
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

impl FetchError {
    /// For `map_err`: which cache directory it was.
    pub(super) fn bad_cache(dir: &Path) -> impl FnOnce(io::Error) -> Self {
        let dir = dir.to_owned();
        move |source| Self::BadCacheDir { dir, source }
    }

    /// For `map_err`: what was being done, to which file.
    pub(in crate::mysql) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
