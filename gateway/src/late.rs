//! Dials that are late, and how many of them one pod may have.
//!
//! A connection has its place until its pod has answered, and anybody can say a ClientHello for a pod that
//! is exported. Where that pod is silent (its node is gone, and its record still there), such
//! connections would have all places for as long as `--connect-timeout`, and keep out whoever is for
//! another pod. So a pod may have no more of those that are late than there are places which no late
//! one has: beside one silent pod half of all places are left, beside `n` of them one in `n + 1`. One that
//! is not late yet is not counted, so that a crowd whose pod answers may be as large as it wants.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

/// Time after which a dial is late. A connection within a cluster takes a millisecond.
const LATE: Duration = Duration::from_millis(250);

/// The late dials of a gateway.
#[derive(Debug)]
pub(crate) struct LateDials {
    places: usize,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    all: usize,
    of_pod: HashMap<Box<str>, usize>,
}

/// A pod is silent, and as many as may be wait for it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silent;

impl LateDials {
    /// Of connections that have so many places.
    pub(crate) fn of(places: usize) -> Self {
        Self {
            places,
            counted: Mutex::default(),
        }
    }

    /// What comes of `dial`, which is to this pod.
    ///
    /// # Errors
    /// When too many wait for the pod: at once, or when this one has waited for a while.
    pub(crate) async fn on<F: Future>(&self, pod: &str, dial: F) -> Result<F::Output, Silent> {
        if self.counted().is_full_for(pod, self.places) {
            return Err(Silent);
        }
        let mut dial = pin!(dial);
        if let Ok(done) = timeout(LATE, &mut dial).await {
            return Ok(done);
        }
        let late = Late::count(self, pod);
        loop {
            // Looked at again: other pods may have become silent, and want places as well.
            if late.is_one_too_many() {
                return Err(Silent);
            }
            if let Ok(done) = timeout(LATE, &mut dial).await {
                return Ok(done);
            }
        }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn of(&self, pod: &str) -> usize {
        self.of_pod.get(pod).copied().unwrap_or_default()
    }

    /// Whether one more, if it came to be late, would be one too many.
    fn is_full_for(&self, pod: &str, places: usize) -> bool {
        let of_pod = self.of(pod);
        of_pod > 0 && (of_pod + 1) + (self.all + 1) > places
    }
}

/// One that is late; dropping it takes it out.
struct Late<'a> {
    dials: &'a LateDials,
    pod: &'a str,
}

impl<'a> Late<'a> {
    fn count(dials: &'a LateDials, pod: &'a str) -> Self {
        let mut counted = dials.counted();
        counted.all += 1;
        *counted.of_pod.entry(pod.into()).or_default() += 1;
        Self { dials, pod }
    }

    fn is_one_too_many(&self) -> bool {
        let counted = self.dials.counted();
        counted.of(self.pod) + counted.all > self.dials.places
    }
}

impl Drop for Late<'_> {
    fn drop(&mut self) {
        let mut counted = self.dials.counted();
        counted.all -= 1;
        if let Some(left) = counted.of_pod.get_mut(self.pod) {
            *left -= 1;
            if *left == 0 {
                counted.of_pod.remove(self.pod);
            }
        }
    }
}

#[cfg(test)]
mod tests;
