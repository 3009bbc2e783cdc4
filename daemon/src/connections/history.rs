//! The flight recorder: timelines of the last connections that have ended.
//!
//! As many as there are places for, of which those that came to no route have a part. One is put in where the line of the access log is written, under a lock that
//! is held for a copy; nobody who moves bytes comes by here.

use std::cmp::Reverse;
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use serde::Serialize;

use super::{ConnectionGuard, Connections, Entry, Timeline, lock};

/// Timelines that are kept. A place has 256 bytes, and two names of 255 at most: some 400 KB in all with
/// names as they are, 850 at the worst, and none before the first has ended.
pub(super) const CAPACITY: usize = 1000;
/// Of these, how many may be of connections that came to no route. Whoever reaches the port can make as
/// many of them as it likes, and is not to have the places of the others.
pub(super) const STRANGERS: usize = 200;
/// One of so many places in an answer is for those that live, the oldest of them: streams of days are what
/// connections that came and went since should not hide.
const LASTING: usize = 4;

/// What has been recorded.
#[derive(Debug, Default)]
pub(super) struct History {
    ring: Mutex<Ring>,
}

/// The oldest are in front. Together they are no more than [`CAPACITY`].
#[derive(Debug, Default)]
struct Ring {
    /// Of connections that came to a route.
    routed: VecDeque<Timeline>,
    /// Of those that did not: [`STRANGERS`] at most.
    strangers: VecDeque<Timeline>,
    recorded: u64,
}

/// Whether a connection came to a route, proven or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// To one that there is.
    ToRoute,
    /// It said nothing that could be understood, or asked for what there is not.
    ToNothing,
}

/// The answer of `/history.json`.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// How many that have ended are kept.
    pub capacity: usize,
    /// How many have been recorded since the process began.
    pub recorded: u64,
    /// The newest first: by their end, or where they live by their begin. Where there are more than were
    /// asked for, a quarter of the places is for those that have lived longest.
    pub timelines: Vec<Timeline>,
}

impl Connections {
    /// The timelines of connections that have ended and of those that live, the newest of them.
    pub fn timelines(&self, limit: usize) -> Recorded {
        let mut live = self.entries();
        // The newest have the highest numbers, but for those that another process has had.
        let longest = live.len().min(limit / LASTING);
        let newest = live.len().saturating_sub(limit - longest).max(longest);
        live.drain(longest..newest);
        let live = live.iter().map(|entry| entry.timeline(None));
        self.shared.history.with(live.collect(), limit)
    }
}

impl ConnectionGuard {
    /// Has its timeline kept: it has ended.
    pub(crate) fn keep_timeline(&self, reason: &'static str) {
        let timeline = self.entry.timeline(Some(reason));
        self.shared.history.push(timeline, self.entry.came());
    }
}

impl Entry {
    /// A route counts those that come to it; a name that was only asked for does not.
    fn came(&self) -> Came {
        match self.route.get() {
            Some(route) if route.carried().opened > 0 => Came::ToRoute,
            _ => Came::ToNothing,
        }
    }
}

impl History {
    /// Records one, in the place of an older one where there is no other.
    pub(super) fn push(&self, timeline: Timeline, came: Came) {
        let mut ring = lock(&self.ring);
        let replaced = ring.put(timeline, came);
        drop(ring);
        // Its names are given back when nobody waits.
        drop(replaced);
    }

    /// The newest of these that live and of those that are recorded, and the oldest that live.
    pub(super) fn with(&self, live: Vec<Timeline>, limit: usize) -> Recorded {
        let (mut timelines, recorded) = lock(&self.ring).newest(limit);
        // Whoever has ended since `live` was made is in both.
        let ended: HashSet<u64> = timelines.iter().map(|timeline| timeline.id).collect();
        let mut lasting: Vec<_> = live
            .into_iter()
            .filter(|live| !ended.contains(&live.id))
            .collect();
        lasting.sort_by_key(Timeline::newest);
        timelines.extend(lasting.split_off(lasting.len().min(limit / LASTING)));
        timelines.sort_by_key(|timeline| Reverse(timeline.newest()));
        timelines.truncate(limit - lasting.len());
        timelines.extend(lasting);
        timelines.sort_by_key(|timeline| Reverse(timeline.newest()));
        Recorded {
            capacity: CAPACITY,
            recorded,
            timelines,
        }
    }
}

impl Ring {
    fn put(&mut self, timeline: Timeline, came: Came) -> Option<Timeline> {
        if self.recorded == 0 {
            self.routed.reserve_exact(CAPACITY);
            self.strangers.reserve_exact(STRANGERS);
        }
        self.recorded += 1;
        let replaced = if came == Came::ToNothing && self.strangers.len() >= STRANGERS {
            self.strangers.pop_front()
        } else if self.routed.len() + self.strangers.len() >= CAPACITY {
            self.pop_oldest()
        } else {
            None
        };
        match came {
            Came::ToRoute => self.routed.push_back(timeline),
            Came::ToNothing => self.strangers.push_back(timeline),
        }
        replaced
    }

    fn pop_oldest(&mut self) -> Option<Timeline> {
        match (self.routed.front(), self.strangers.front()) {
            (Some(routed), Some(stranger)) if stranger.newest() < routed.newest() => {
                self.strangers.pop_front()
            }
            (Some(_), _) => self.routed.pop_front(),
            (None, _) => self.strangers.pop_front(),
        }
    }

    /// The newest of each kind, so many of each, and how many have been recorded.
    fn newest(&self, limit: usize) -> (Vec<Timeline>, u64) {
        let kinds = [&self.routed, &self.strangers].into_iter();
        let newest = kinds.flat_map(|kind| kind.iter().rev().take(limit));
        (newest.cloned().collect(), self.recorded)
    }
}

#[cfg(test)]
mod tests;
