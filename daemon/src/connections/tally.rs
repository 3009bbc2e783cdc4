//! What has come over a route in this process's life, and what came of the last connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::outcome::{Attempt, Failure, Outcome};

/// The counts of one route.
#[derive(Debug)]
pub struct Tally {
    name: Arc<str>,
    /// What logs called it last.
    label: Mutex<Arc<str>>,
    opened: AtomicU64,
    closed: AtomicU64,
    failed: AtomicU64,
    answered: AtomicU64,
    /// Of the answered ones, those that are over.
    over: AtomicU64,
    bytes: [AtomicU64; 2],
    last: Mutex<Option<Outcome>>,
    /// Larger than that of every route that somebody has come for less recently.
    turn: AtomicU64,
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
    /// Connections over which something has come back.
    pub answered: u64,
    /// Of these, those that are open.
    pub talking: u64,
    /// Bytes: from the accepted side to the dialled one, and back.
    pub bytes: [u64; 2],
}

impl Tally {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            label: Mutex::new(Arc::clone(&name)),
            name,
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            over: AtomicU64::new(0),
            bytes: [AtomicU64::new(0), AtomicU64::new(0)],
            last: Mutex::new(None),
            turn: AtomicU64::new(0),
        }
    }

    /// The route's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// This text, shared with the connection before where that is called the same.
    pub(super) fn called(&self, label: &str) -> Arc<str> {
        let mut last = self.label.lock().unwrap_or_else(PoisonError::into_inner);
        if **last != *label {
            *last = label.into();
        }
        Arc::clone(&last)
    }

    /// The counts. Bytes and answers are those of the last time that they were counted.
    pub fn carried(&self) -> Carried {
        // In this order, so that no more are over than have begun.
        let failed = self.failed.load(Ordering::Acquire);
        let closed = self.closed.load(Ordering::Acquire);
        let over = self.over.load(Ordering::Acquire);
        let answered = self.answered.load(Ordering::Acquire);
        let [to_upstream, to_peer] = &self.bytes;
        Carried {
            opened: self.opened.load(Ordering::Acquire),
            closed,
            failed,
            answered,
            talking: answered.saturating_sub(over),
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

    /// The first byte has come back over a connection, at this moment.
    pub(super) fn answers(&self, at: Instant) {
        self.answered.fetch_add(1, Ordering::Release);
        Outcome::follow(&mut self.lock(), at, Attempt::Made);
    }

    /// One that was answered is over.
    pub(super) fn answers_no_more(&self) {
        self.over.fetch_add(1, Ordering::Release);
    }

    /// Nothing has come back over a connection of this moment.
    pub(super) fn is_silent(&self, opened: Instant) {
        Outcome::follow(&mut self.lock(), opened, Attempt::Silent);
    }

    /// A connection came to nothing.
    pub(super) fn failed(&self, code: &'static str, said: String) {
        self.failed.fetch_add(1, Ordering::Release);
        let said = said.into();
        let attempt = Attempt::Failed(Failure { code, said });
        Outcome::follow(&mut self.lock(), Instant::now(), attempt);
    }

    pub(super) fn is_idle(&self) -> bool {
        let carried = self.carried();
        carried.opened == carried.closed
    }

    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    pub(super) fn has_its_turn(&self, turn: u64) {
        self.turn.store(turn, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
