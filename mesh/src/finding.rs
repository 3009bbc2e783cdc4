//! What is wrong with a manifest, and where.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::code::Code;
use crate::yaml::Mark;

/// A place in a manifest. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file's name, as the caller gave it.
    pub file: Arc<str>,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Origin {
    /// For what is compared by all else that it says.
    pub(crate) fn nowhere() -> Self {
        Self {
            file: "".into(),
            line: 0,
            column: 0,
        }
    }

    pub(crate) const fn mark(&self) -> Mark {
        Mark {
            line: self.line,
            column: self.column,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How much a finding matters, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is not served because of it.
    Error,
    /// Everything is served, but probably not what was meant, or not in Istio.
    Warning,
    /// Nothing is wrong; something was passed over or chosen.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that a person should know about a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing it says, to look up with `eastwest explain`.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    pub origin: Origin,
    /// What is wrong and what follows from it. One line.
    pub message: String,
    /// What to write instead, where that is known. One line.
    pub fix: Option<String>,
}

/// One line: `routes.yaml:12:5: error[EW004]: what is wrong; fix: what to write`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}[{}]: {}",
            self.origin, self.severity, self.code, self.message
        )?;
        match &self.fix {
            Some(fix) => write!(f, "; fix: {fix}"),
            None => Ok(()),
        }
    }
}

/// A value and the place that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}
