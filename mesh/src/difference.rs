//! What is new in files that are read again: errors, and what else has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use crate::Mesh;
use crate::code::Code;
use crate::finding::{Finding, Origin, Severity};
use crate::manifest::Contest;
use crate::route::Route;

#[cfg(test)]
mod tests;
mod widened;

pub use widened::Widened;

/// A part of what the files mean, for a server that has no use for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Mesh::routes`]
    Routes,
    /// [`Mesh::exports`]
    Exports,
    /// [`Mesh::policies`]
    Callers,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Routes => "routes",
            Self::Exports => "exports",
            Self::Callers => "callers",
        })
    }
}

impl Mesh {
    /// The errors that `old` does not have, however the lines of the files have moved and whatever
    /// the files are called. An error that hides more than an old one did (a policy may be lost, a
    /// rule for a far end) is another error; so is one about a name that two objects have, where it is
    /// the other one that counts now.
    #[must_use]
    pub fn new_errors(&self, old: &Self) -> Vec<&Finding> {
        let mut known: Vec<Error<'_>> = errors(old).collect();
        let mut took = |same: &dyn Fn(&Error<'_>) -> bool| {
            let found = known.iter().position(same);
            found.map(|i| known.swap_remove(i)).is_some()
        };
        // Those that are where they were first, so that of two alike the right one is called new.
        let mut moved: Vec<_> = errors(self).collect();
        moved.retain(|error| !took(&|known| known == error));
        moved.retain(|error| !took(&|known| error.is_known_by(known)));
        moved.into_iter().map(|error| error.finding).collect()
    }

    /// How these parts differ from `old`. Where something is written makes no difference.
    #[must_use]
    pub fn changes(&self, old: &Self, parts: &[Part]) -> Changes {
        let changes = parts.iter().map(|part| {
            let difference = match part {
                Part::Routes => Difference::between(&routes(old), &routes(self)),
                Part::Exports => {
                    Difference::between(&old.exports.by_name(), &self.exports.by_name())
                }
                Part::Callers => {
                    Difference::between(&old.policies.by_name(), &self.policies.by_name())
                }
            };
            (*part, difference)
        });
        Changes(changes.collect())
    }
}

/// An error, and what it may hide.
#[derive(PartialEq, Eq)]
struct Error<'a> {
    finding: &'a Finding,
    hides_callers: bool,
    hides_far_ends: bool,
    contest: Option<&'a Contest>,
}

impl Error<'_> {
    /// Whether `known` is about the same, and hides as much at least.
    fn is_known_by(&self, known: &Self) -> bool {
        let about = |error: &Self| (error.finding.code, without_places(&error.finding.message));
        let same_order = match (self.contest, known.contest) {
            (Some(one), Some(other)) => one.has_same_order(other),
            _ => true,
        };
        same_order
            && about(self) == about(known)
            && (known.hides_callers || !self.hides_callers)
            && (known.hides_far_ends || !self.hides_far_ends)
    }
}

fn errors(mesh: &Mesh) -> impl Iterator<Item = Error<'_>> {
    let errors = mesh.findings.iter();
    errors
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| Error {
            finding,
            hides_callers: mesh.unread.callers().contains(finding),
            hides_far_ends: mesh.unread.far_ends().contains(finding),
            contest: (finding.code == Code::SameName)
                .then(|| mesh.contests.get(&finding.origin))
                .flatten(),
        })
}

/// A message without the `FILE:LINE:COLUMN` of other objects.
fn without_places(message: &str) -> String {
    let words = message.split(' ').filter(|word| !is_place(word));
    words.collect::<Vec<_>>().join(" ")
}

fn is_place(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
    let number = |text: &str| text.parse::<u32>().is_ok();
    let mut parts = word.rsplitn(3, ':');
    let (column, line, file) = (parts.next(), parts.next(), parts.next());
    file.is_some_and(|file| !file.is_empty())
        && column.is_some_and(number)
        && line.is_some_and(number)
        && word.parse::<IpAddr>().is_err()
}

fn routes(mesh: &Mesh) -> BTreeMap<String, Route> {
    let named = mesh.routes.iter().map(|route| {
        let mut unplaced = route.clone();
        unplaced.origin = Origin::nowhere();
        (format!("{}:{}", route.alias, route.port), unplaced)
    });
    named.collect()
}

/// The names of what has come, gone, and is another now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Difference {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

impl Difference {
    const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn between<V: PartialEq>(old: &BTreeMap<String, V>, new: &BTreeMap<String, V>) -> Self {
        let without = |one: &BTreeMap<String, V>, other: &BTreeMap<String, V>| {
            let names = one.keys().filter(|name| !other.contains_key(*name));
            names.cloned().collect()
        };
        let differs =
            |(name, value): &(&String, &V)| old.get(*name).is_some_and(|before| before != *value);
        let changed = new.iter().filter(differs);
        Self {
            added: without(new, old),
            removed: without(old, new),
            changed: changed.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// How files that were read again differ from what was in force.
///
/// As text: `routes added: a.x:3306; callers changed: pxc/allow`, or `nothing has changed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes(Vec<(Part, Difference)>);

impl Changes {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, difference)| difference.is_empty())
    }
}

/// How many names a line of a log has for each change.
const NAMED: usize = 20;

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = self.0.iter().flat_map(|(part, difference)| {
            [
                (part, "added", &difference.added),
                (part, "removed", &difference.removed),
                (part, "changed", &difference.changed),
            ]
        });
        let mut separator = "";
        for (part, how, names) in lists.filter(|(_, _, names)| !names.is_empty()) {
            let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
            write!(f, "{separator}{part} {how}: {}", named.join(", "))?;
            if names.len() > NAMED {
                write!(f, " and {} more", names.len() - NAMED)?;
            }
            separator = "; ";
        }
        match separator {
            "" => f.write_str("nothing has changed"),
            _ => Ok(()),
        }
    }
}
