//! Why a stage could not be made or changed.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::advice;
use super::plan::PlanError;

/// What went wrong with a stage.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The plan itself has a mistake.
    #[error("mistake in the plan of the stage: {0}")]
    Plan(#[from] PlanError),
    /// This machine does not let this user make the namespaces; loopback addresses may still do.
    #[error("no stage on this machine: {0}")]
    Refused(Refusal),
    /// The holder process could not be started.
    #[error("cannot run {} to hold the stage: {source}", program.display())]
    Program {
        /// The program that was tried.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The holder process ended by itself.
    #[error("the process {holder} that held the stage is gone ({source}): start a new stage")]
    Gone {
        /// Its process id.
        holder: u32,
        /// How that was noticed.
        source: io::Error,
    },
    /// There is no host of that name.
    #[error("the stage has no host {name:?}; its hosts are {}", known.join(", "))]
    NoSuchHost {
        /// The name that was asked for.
        name: String,
        /// The names of the plan.
        known: Vec<String>,
    },
    /// A change to a running stage was refused.
    #[error("the stage could not be changed: {0}")]
    Change(String),
}

/// The step at which the kernel refused a stage, and what may help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was being done.
    pub doing: String,
    /// What the system said.
    pub error: String,
    /// What a person can do about it.
    pub advice: Vec<String>,
}

impl Refusal {
    pub(super) fn new(doing: impl Into<String>, error: impl Into<io::Error>) -> Self {
        let error = error.into();
        Self {
            doing: doing.into(),
            advice: advice::after(&error),
            error: error.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.error)?;
        for advice in &self.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

/// Gives a failed step its name.
pub(super) trait Doing<T> {
    /// Turns the error into a [`Refusal`] of the step that `doing` names.
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Refusal>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::new(doing(), error))
    }
}
