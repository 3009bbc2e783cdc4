//! Why there is no result.

use std::io;
use std::path::PathBuf;

use crate::manifests::ManifestsError;

/// Wrong usage, or a file that is not to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum LintError {
    #[error(transparent)]
    Manifests(#[from] ManifestsError),
    #[error("--fix changes files, and standard input is none; give a file")]
    FixOfStdin,
    #[error("{0} can't be written, and is as it was: {1}")]
    Write(PathBuf, io::Error),
    #[error("{0} can't be written, and what it was to hold is missing: {1}")]
    Create(PathBuf, io::Error),
    #[error("the findings can't be printed: {0}")]
    Print(#[from] io::Error),
}
