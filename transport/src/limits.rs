//! How many connections may be open: in all, from one source, on one route.
//!
//! One too many is refused at once, by a reset with a reason in the log. It does not wait: an app that
//! hangs can't try its next source.

mod ledger;
mod shares;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};

pub use ledger::{Ledger, Seat};

use crate::source::Source;

/// Descriptors that are left to listeners, name look-ups, reloads, logs and the calls of an admin.
const RESERVED: u64 = 128;
/// One descriptor of so many is left to the pipes of connections whose peers do not take what comes.
const SPARED: u64 = 8;

/// The limits. Without a number there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Connections of the whole process.
    pub total: Option<NonZeroUsize>,
    /// Connections from one source.
    pub per_source: Option<NonZeroUsize>,
    /// Connections on one route.
    pub per_route: Option<NonZeroUsize>,
}

/// What is full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The process.
    #[error("{0} connections are open, as many as may be (--max-connections)")]
    Total(NonZeroUsize),
    /// The share of one source.
    #[error(
        "{limit} connections from {from} are open, as many as may be \
         (--max-connections-per-source)"
    )]
    Source {
        /// How many it may have.
        limit: NonZeroUsize,
        /// Whose they are.
        from: Source,
    },
    /// The share of one route.
    #[error("{limit} connections to {route} are open, as many as may be ({said_by})")]
    Route {
        /// How many it may have.
        limit: NonZeroUsize,
        /// Where they go.
        route: Arc<str>,
        /// Who says so.
        said_by: RouteLimit,
    },
}

/// Who says how many connections a route may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteLimit {
    /// The process, the same for all routes.
    Everywhere,
    /// The route itself.
    Own,
}

impl fmt::Display for RouteLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everywhere => "--max-connections-per-route",
            Self::Own => "maxConnections of its DestinationRule",
        })
    }
}

impl Limits {
    /// Limits as they were asked for; in all, as many connections as there are descriptors for where
    /// nothing was said.
    #[must_use]
    pub fn new(
        total: Option<NonZeroUsize>,
        per_source: Option<NonZeroUsize>,
        per_route: Option<NonZeroUsize>,
    ) -> Self {
        Self {
            total: total.or_else(Self::total_by_descriptors),
            per_source,
            per_route,
        }
    }

    /// As many connections as there are descriptors for: each takes two, and some are kept back.
    /// `None` where the number of files is not limited.
    fn total_by_descriptors() -> Option<NonZeroUsize> {
        let descriptors = getrlimit(Resource::Nofile).current?;
        let connections = (descriptors - descriptors / SPARED).saturating_sub(RESERVED) / 2;
        Some(
            usize::try_from(connections)
                .ok()
                .and_then(NonZeroUsize::new)
                .unwrap_or(NonZeroUsize::MIN),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_leaves_descriptors_for_other_things() {
        let descriptors = getrlimit(Resource::Nofile).current;
        let total = Limits::total_by_descriptors().map(NonZeroUsize::get);
        assert_eq!(total.is_none(), descriptors.is_none());
        if let (Some(total), Some(descriptors)) = (total, descriptors) {
            assert!(
                2 * total as u64 <= descriptors.max(2),
                "{total} of {descriptors}"
            );
        }
    }
}
