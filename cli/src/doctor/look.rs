//! What a look at one hop brings.

use super::fault::Fault;

/// What a hop is like, where it is not broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// As it should be; what was seen.
    Fine(String),
    /// It could not be looked at, or was not to be; why.
    Skipped(String),
}

impl Look {
    pub(super) fn fine(seen: impl Into<String>) -> Self {
        Self::Fine(seen.into())
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }
}

/// A broken hop, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    pub(super) seen: String,
}

impl Broken {
    pub(super) fn new(fault: Fault, seen: impl ToString) -> Self {
        Self {
            fault,
            seen: seen.to_string(),
        }
    }
}
