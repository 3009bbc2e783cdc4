//! How many connections may be on their way in at a time.
//!
//! Who has sent no ClientHello, or not yet proved who he is, costs memory, descriptors and a task.
//! Unbounded, such connections would use up the descriptors that live ones, name look-ups and reloads
//! need.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Far more than come at once in honest use (each has a place for milliseconds), and as many as the
/// kernel keeps in the listener's queue behind them.
const MOST: u64 = 4096;
/// Of this many descriptors one connection may be on its way in: it can take four (itself, two
/// questions to name servers, the upstream), so that half of all are left.
const DESCRIPTORS: u64 = 8;
/// Time between two warnings that all places are taken.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    warned: Option<Instant>,
}

/// One connection's place; dropped when the relay begins, or the connection ends.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Admission {
    /// As many places as the limit of open files allows, at most 4096.
    #[must_use]
    pub fn standard() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let places = (descriptors / DESCRIPTORS).clamp(1, MOST);
        Self::of(usize::try_from(places).unwrap_or(1))
    }

    /// So many places.
    #[must_use]
    pub fn of(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            warned: None,
        }
    }

    /// A place, as soon as there is one. To be had before the accept: those who wait do so in the
    /// kernel's queue, and cost nothing here.
    pub async fn place(&mut self) -> Place {
        if self.places.available_permits() == 0 {
            self.warn();
        }
        match Arc::clone(&self.places).acquire_owned().await {
            Ok(permit) => Place(permit),
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    fn warn(&mut self) {
        if self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY) {
            return;
        }
        self.warned = Some(Instant::now());
        tracing::warn!(
            "as many connections as may be are in their handshake; new ones wait. Somebody may be \
             holding them open (see /connections), or the limit of open files is low"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_waits_for_one() {
        let mut admission = Admission::of(2);
        let (first, _second) = (admission.place().await, admission.place().await);
        let wait = Duration::from_millis(50);
        assert!(timeout(wait, admission.place()).await.is_err());
        drop(first);
        let patient = Duration::from_secs(30);
        assert!(timeout(patient, admission.place()).await.is_ok());
    }

    #[test]
    fn the_places_follow_the_limit_of_open_files() {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let places = Admission::standard().places.available_permits() as u64;
        assert!((1..=MOST.min(limit.max(8) / 8)).contains(&places));
    }
}
