//! What has come over each route in this process's life, and what came of the last connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::Direction;

/// Routes that are counted. Where more come, those that nobody uses now are forgotten: so many are
/// asked for by somebody who makes names up under a wildcard.
const MOST: usize = 4096;

/// The counts of one route.
#[derive(Debug)]
pub struct Tally {
    name: Arc<str>,
    label: Arc<str>,
    opened: AtomicU64,
    closed: AtomicU64,
    failed: AtomicU64,
    bytes: [AtomicU64; 2],
    last: Mutex<Option<Outcome>>,
}

/// What came of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When that was known.
    pub at: SystemTime,
    /// Why it came to nothing; `None` where both its ends were there.
    pub failure: Option<Failure>,
}

/// Why a connection came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code from the closed list of reasons.
    pub code: &'static str,
    /// The same in words.
    pub said: Arc<str>,
}

/// The counts of a route as they are now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Connections that have been for it.
    pub opened: u64,
    /// Of these, those that are over.
    pub closed: u64,
    /// Of those, the ones that came to nothing.
    pub failed: u64,
    /// Bytes: from the accepted side to the dialled one, and back.
    pub bytes: [u64; 2],
}

impl Tally {
    pub(super) fn new(name: Arc<str>, label: Arc<str>) -> Self {
        Self {
            name,
            label,
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            bytes: [AtomicU64::new(0), AtomicU64::new(0)],
            last: Mutex::new(None),
        }
    }

    /// The route's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What logs call it.
    pub(super) fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// The counts. Bytes are those of the last time that they were counted.
    pub fn carried(&self) -> Carried {
        // In this order, so that no more are over than have begun.
        let failed = self.failed.load(Ordering::Acquire);
        let closed = self.closed.load(Ordering::Acquire);
        let [to_upstream, to_peer] = &self.bytes;
        Carried {
            opened: self.opened.load(Ordering::Acquire),
            closed,
            failed,
            bytes: [to_upstream, to_peer].map(|bytes| bytes.load(Ordering::Relaxed)),
        }
    }

    /// What came of the last connection of which that is known.
    pub fn last(&self) -> Option<Outcome> {
        self.lock().clone()
    }

    pub(super) fn open(&self) {
        self.opened.fetch_add(1, Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.closed.fetch_add(1, Ordering::Release);
    }

    pub(super) fn add(&self, moved: [u64; 2]) {
        for (bytes, moved) in self.bytes.iter().zip(moved) {
            bytes.fetch_add(moved, Ordering::Relaxed);
        }
    }

    /// Both ends of a connection were there.
    pub(super) fn came_about(&self) {
        let at = SystemTime::now();
        *self.lock() = Some(Outcome { at, failure: None });
    }

    /// A connection came to nothing.
    pub(super) fn failed(&self, code: &'static str, said: String) {
        self.failed.fetch_add(1, Ordering::Release);
        let at = SystemTime::now();
        let said = said.into();
        let failure = Some(Failure { code, said });
        *self.lock() = Some(Outcome { at, failure });
    }

    fn is_idle(&self) -> bool {
        let carried = self.carried();
        carried.opened == carried.closed
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of a process, by direction and name.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    known: [Mutex<HashMap<Arc<str>, Arc<Tally>>>; Direction::ALL.len()],
}

impl Tallies {
    /// The counts of a route, from now on if nobody has come for it yet, with one more connection open.
    /// That is counted under the lock, so that nobody else takes it for one that is not used.
    pub(super) fn open(&self, direction: Direction, name: &str, label: &str) -> Arc<Tally> {
        let mut known = self.lock(direction);
        if let Some(tally) = known.get(name) {
            tally.open();
            return Arc::clone(tally);
        }
        let name: Arc<str> = name.into();
        let label = match label == &*name {
            true => Arc::clone(&name),
            false => label.into(),
        };
        if known.len() >= MOST {
            known.retain(|_, tally| !tally.is_idle());
        }
        let tally = Arc::new(Tally::new(Arc::clone(&name), label));
        tally.open();
        if known.len() < MOST {
            known.insert(name, Arc::clone(&tally));
        }
        tally
    }

    /// Those of a route that somebody has come for.
    pub(super) fn get(&self, direction: Direction, name: &str) -> Option<Arc<Tally>> {
        self.lock(direction).get(name).cloned()
    }

    /// All of one direction, in no order.
    pub(super) fn all(&self, direction: Direction) -> Vec<Arc<Tally>> {
        self.lock(direction).values().cloned().collect()
    }

    fn lock(&self, direction: Direction) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Tally>>> {
        let known = &self.known[direction as usize];
        known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_somebody_makes_up_push_out_no_route_in_use() {
        let tallies = Tallies::default();
        let used = tallies.open(Direction::Passthrough, "db-pxc-0", "db-pxc-0");
        for n in 0..3 * MOST {
            let name = format!("made-up-{n}");
            let tally = tallies.open(Direction::Passthrough, &name, &name);
            assert!(!tally.is_idle());
            tally.close();
        }
        assert!(tallies.all(Direction::Passthrough).len() <= MOST);
        let again = tallies.get(Direction::Passthrough, "db-pxc-0").unwrap();
        assert!(Arc::ptr_eq(&used, &again));
        assert!(tallies.get(Direction::Inbound, "db-pxc-0").is_none());
    }
}
