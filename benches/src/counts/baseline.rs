//! Counts that are kept in a file, and what has become of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::case::Case;

/// Counts, and what they depend on beside the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    /// The compiler, the architecture and whether it optimized.
    built: String,
    /// Instructions of each case.
    instructions: BTreeMap<String, f64>,
}

impl Baseline {
    /// Of this build, nothing counted yet.
    ///
    /// # Errors
    /// When the compiler cannot be asked for its version.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let asked = Command::new(rustc).arg("--version").output();
        let asked = asked.context("rustc --version")?;
        ensure!(asked.status.success(), "rustc --version: {}", asked.status);
        let version = String::from_utf8(asked.stdout)?;
        let profile = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        Ok(Self {
            built: format!("{}, {}, {profile}", version.trim(), std::env::consts::ARCH),
            instructions: BTreeMap::new(),
        })
    }

    /// # Errors
    /// When it cannot be read, or is not one.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read(path).with_context(|| path.display().to_string())?;
        serde_json::from_slice(&text).with_context(|| path.display().to_string())
    }

    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text + "\n").with_context(|| path.display().to_string())
    }

    /// Keeps the count of a case, to the tenth.
    pub(crate) fn keep(&mut self, case: Case, each: f64) {
        let each = (each * 10.0).round() / 10.0;
        self.instructions.insert(case.name(), each);
    }

    /// What has changed since `before` by more than `tolerance` percent. Of the cases in `before` those that
    /// are none of `known` are lost.
    pub(crate) fn against(&self, before: &Self, known: &[Case], tolerance: f64) -> Report {
        let known: BTreeSet<_> = known.iter().map(|case| case.name()).collect();
        let lost = before.instructions.keys();
        let lost = lost.filter(|case| !known.contains(*case)).cloned();
        let mut changes = Vec::new();
        for (case, &now) in &self.instructions {
            let before = before.instructions.get(case).copied();
            let differs = |before: f64| (now - before).abs() * 100.0 > tolerance * before;
            if before.is_none_or(differs) {
                changes.push(Change {
                    case: case.clone(),
                    now,
                    before,
                });
            }
        }
        Report {
            built: (before.built != self.built)
                .then(|| [&before.built, &self.built].map(String::from)),
            compared: self.instructions.len(),
            tolerance,
            changes,
            lost: lost.collect(),
        }
    }
}

/// A count that is another one now.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    case: String,
    now: f64,
    /// None where the file has none.
    before: Option<f64>,
}

/// What a comparison has brought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    /// How the two were built, where that is not the same.
    built: Option<[String; 2]>,
    compared: usize,
    tolerance: f64,
    changes: Vec<Change>,
    /// Cases of the file that this build does not have.
    lost: Vec<String>,
}

/// How a comparison has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing has grown.
    Holds,
    /// Something has, or a case is missing from the file or from the build.
    Fails,
    /// The counts are of another build, and say nothing of this one.
    NotComparable,
}

impl Report {
    /// A case that is missing is missing whatever the compiler is; growth is none beside another one's counts.
    pub(crate) fn ending(&self) -> Ending {
        let mut changes = self.changes.iter();
        if !self.lost.is_empty() || changes.clone().any(|it| it.before.is_none()) {
            Ending::Fails
        } else if self.built.is_some() {
            Ending::NotComparable
        } else if changes.any(|it| !it.is_less()) {
            Ending::Fails
        } else {
            Ending::Holds
        }
    }
}

impl From<Ending> for ExitCode {
    /// 2 is what a wrong flag gives.
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Holds => Self::SUCCESS,
            Ending::Fails => Self::FAILURE,
            Ending::NotComparable => Self::from(3),
        }
    }
}

impl Change {
    fn is_less(&self) -> bool {
        self.before.is_some_and(|before| self.now < before)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, now, before } = self;
        let Some(before) = before else {
            return write!(f, "NEW   {case}: {now:.1}, and the file has none");
        };
        let word = if self.is_less() { "less " } else { "GREW " };
        let percent = (now / before - 1.0) * 100.0;
        write!(
            f,
            "{word} {case}: {before:.1} -> {now:.1} ({percent:+.1} %)"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        for case in &self.lost {
            writeln!(f, "LOST  {case}: it is in the file, and not in this build")?;
        }
        let (compared, tolerance) = (self.compared, self.tolerance);
        if self.changes.is_empty() {
            writeln!(f, "all {compared} within {tolerance} %")?;
        }
        if let Some([before, now]) = &self.built {
            writeln!(
                f,
                "NOT COMPARABLE: the file is of {before}; this build is of {now}. \
                 Renew it with --write."
            )?;
        } else if !self.changes.is_empty() || !self.lost.is_empty() {
            writeln!(
                f,
                "renew the file with --write once that is as it should be"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
