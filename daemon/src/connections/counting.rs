//! What one connection adds to the counts of its route, each time that somebody looks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::{Entry, SILENCE, Tally};

impl Entry {
    pub(super) fn count_bytes(&self, total: &Tally) {
        if let Some(traffic) = self.traffic.get() {
            let moved = traffic.count(&self.counted, &self.bytes);
            total.add(moved);
            if let Some(route) = self.route.get() {
                route.add(moved);
                self.note_answer(route);
            }
        }
    }

    /// Once: the far end has said something; or, as long as it has not, that it should have.
    fn note_answer(&self, route: &Tally) {
        if self.answered.load(Ordering::Relaxed) {
            return;
        }
        let (now, opened) = (Instant::now(), self.steps.opened());
        if self.has_answered() {
            if !self.answered.swap(true, Ordering::AcqRel) {
                route.answers(self.answered_at().unwrap_or(now).min(now));
            }
        } else if now.saturating_duration_since(opened) >= SILENCE {
            route.is_silent(opened);
        }
    }

    /// It goes on here, and the first answer was in another process: not long after it began, as far as is known here.
    pub(super) fn note_answer_before(&self) {
        if let Some(route) = self.route.get()
            && self.has_answered()
            && !self.answered.swap(true, Ordering::AcqRel)
        {
            route.answers(self.steps.opened());
        }
    }

    /// The last word on a connection that is over; one that has failed has said more.
    pub(super) fn note_end(&self, route: &Tally) {
        if self.answered.load(Ordering::Acquire) {
            route.answers_no_more();
        } else if self.traffic.get().is_some() {
            route.is_silent(self.steps.opened());
        }
    }

    pub(super) fn has_answered(&self) -> bool {
        let [_, to_peer, ..] = &*self.bytes;
        to_peer.load(Ordering::Relaxed) > 0
    }

    /// None where it has been read and not passed on yet.
    fn answered_at(&self) -> Option<Instant> {
        let [_, _, begun, _, first, _] = &*self.bytes;
        match first.load(Ordering::Relaxed) {
            0 => None,
            first => {
                let since = first.wrapping_sub(begun.load(Ordering::Relaxed));
                let since = Duration::from_nanos(since);
                self.steps.opened().checked_add(since)
            }
        }
    }
}
