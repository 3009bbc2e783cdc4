//! The flight recorder: timelines of the last connections that have ended.
//!
//! A ring of a fixed size. One is put in where the line of the access log is written, under a lock that
//! is held for a copy; nobody who moves bytes comes by here.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::mem;
use std::sync::Mutex;

use serde::Serialize;

use super::{ConnectionGuard, Connections, Timeline, lock};

/// Timelines that are kept. A place has 256 bytes, and two names of 255 at most: some 350 KB in all with
/// names as they are, 800 at the worst, and none before the first has ended.
pub(super) const CAPACITY: usize = 1000;

/// What has been recorded.
#[derive(Debug, Default)]
pub(super) struct History {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    /// As many as there may be once it is full; then each takes the place of the oldest.
    kept: Vec<Timeline>,
    /// The place of the next one.
    next: usize,
    recorded: u64,
}

/// The answer of `/history.json`.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// How many that have ended are kept.
    pub capacity: usize,
    /// How many have been recorded since the process began.
    pub recorded: u64,
    /// The newest first: by their end, or where they live by their begin.
    pub timelines: Vec<Timeline>,
}

impl Connections {
    /// The timelines of connections that have ended and of those that live, the newest of them.
    pub fn timelines(&self, limit: usize) -> Recorded {
        let mut live = self.entries();
        // The newest have the highest numbers, but for those that another process has had.
        let oldest = live.len().saturating_sub(limit);
        let live = live.drain(oldest..).map(|entry| entry.timeline(None));
        self.shared.history.with(live.collect(), limit)
    }
}

impl ConnectionGuard {
    /// Has its timeline kept: it has ended.
    pub(crate) fn keep_timeline(&self, reason: &'static str) {
        self.shared.history.push(self.entry.timeline(Some(reason)));
    }
}

impl History {
    /// Records one, in the place of the oldest where there is no other.
    pub(super) fn push(&self, timeline: Timeline) {
        let mut ring = lock(&self.ring);
        let replaced = ring.put(timeline);
        drop(ring);
        // Its names are given back when nobody waits.
        drop(replaced);
    }

    /// The newest of these that live and of those that are recorded.
    pub(super) fn with(&self, live: Vec<Timeline>, limit: usize) -> Recorded {
        let (mut timelines, recorded) = lock(&self.ring).newest(limit);
        // Whoever has ended since `live` was made is in both.
        let ended: HashSet<u64> = timelines.iter().map(|timeline| timeline.id).collect();
        timelines.extend(live.into_iter().filter(|live| !ended.contains(&live.id)));
        timelines.sort_by_key(|timeline| Reverse(timeline.newest()));
        timelines.truncate(limit);
        Recorded {
            capacity: CAPACITY,
            recorded,
            timelines,
        }
    }
}

impl Ring {
    fn put(&mut self, timeline: Timeline) -> Option<Timeline> {
        self.recorded += 1;
        let place = self.next;
        self.next = (place + 1) % CAPACITY;
        if let Some(oldest) = self.kept.get_mut(place) {
            return Some(mem::replace(oldest, timeline));
        }
        if self.kept.is_empty() {
            self.kept.reserve_exact(CAPACITY);
        }
        self.kept.push(timeline);
        None
    }

    /// The newest, and how many have been recorded.
    fn newest(&self, limit: usize) -> (Vec<Timeline>, u64) {
        let (newer, older) = self.kept.split_at(self.next.min(self.kept.len()));
        let newest = newer.iter().rev().chain(older.iter().rev());
        (newest.take(limit).cloned().collect(), self.recorded)
    }
}

#[cfg(test)]
mod tests;
