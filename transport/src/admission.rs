//! How many connections may be on their way in at a time.
//!
//! Who has sent no ClientHello, or not yet proved who he is, costs memory, descriptors and a task.
//! Unbounded, such connections would use up the descriptors that live ones, name look-ups and reloads
//! need. Where all places are taken, whoever has had one longer than anybody honest needs it gives it
//! to the next.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Far more than come at once in honest use (each has a place for milliseconds), and as many as the
/// kernel keeps in the listener's queue behind them.
const MOST: u64 = 4096;
/// Of this many descriptors one connection may be on its way in: it can take four (itself, two
/// questions to name servers, the upstream), so that half of all are left.
const DESCRIPTORS: u64 = 8;
/// In this time a client has said who it is, across the world and with a lost packet or two (RFC 6298:
/// the first is sent again after a second). A site that reconnects at once is not thrown out.
const HONEST: Duration = Duration::from_secs(2);
/// Time between two warnings that all places are taken.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    /// Who has one, since when: oldest first. Those who have left, or proved themselves, are taken out
    /// when they come to the front.
    holders: VecDeque<(Instant, Weak<Holder>)>,
    most: usize,
    warned: Option<Instant>,
}

#[derive(Debug, Default)]
struct Holder {
    proved: AtomicBool,
    wanted: Notify,
}

/// One connection's place; dropped when the relay begins, or the connection ends.
#[derive(Debug)]
pub struct Place {
    holder: Arc<Holder>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn of(permit: OwnedSemaphorePermit) -> Self {
        Self {
            holder: Arc::default(),
            _permit: permit,
        }
    }

    /// The client has done its part: it keeps the place for as long as the rest takes.
    pub fn proved(&self) {
        self.holder.proved.store(true, Ordering::Relaxed);
    }

    /// Ready when the place is wanted by somebody else: the connection has to end.
    pub async fn wanted(&self) {
        self.holder.wanted.notified().await;
    }
}

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
            holders: VecDeque::new(),
            most: places,
            warned: None,
        }
    }

    /// A place, as soon as there is one. To be had before the accept: those who wait do so in the
    /// kernel's queue, and cost nothing here.
    pub async fn place(&mut self) -> Place {
        loop {
            if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
                return Place::of(permit);
            }
            self.warn();
            let again = self.make_room(Instant::now());
            tokio::select! {
                permit = Arc::clone(&self.places).acquire_owned() => {
                    // The semaphore is never closed.
                    if let Ok(permit) = permit {
                        return Place::of(permit);
                    }
                }
                () = sleep_until(again) => {}
            }
        }
    }

    /// Notes that a connection has come for a place, and has it from now on.
    pub fn seat(&mut self, place: &Place) {
        // One who stays long must not keep the records of all who came and went after him.
        if self.holders.len() >= 2 * self.most {
            self.holders.retain(|(_, holder)| holder.strong_count() > 0);
        }
        let record = (Instant::now(), Arc::downgrade(&place.holder));
        self.holders.push_back(record);
    }

    /// Asks the first who has had his place for too long to leave; when to look again.
    fn make_room(&mut self, now: Instant) -> Instant {
        while let Some((since, holder)) = self.holders.front() {
            let holder = holder.upgrade();
            let holder = holder.filter(|holder| !holder.proved.load(Ordering::Relaxed));
            if holder.is_some() && *since + HONEST > now {
                return *since + HONEST;
            }
            self.holders.pop_front();
            if let Some(holder) = holder {
                holder.wanted.notify_one();
                // He leaves at once; if not, the next one is asked.
                return now + Duration::from_millis(10);
            }
        }
        now + HONEST
    }

    fn warn(&mut self) {
        if self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY) {
            return;
        }
        self.warned = Some(Instant::now());
        tracing::warn!(
            places = self.most,
            "as many connections as may be are in their handshake; new ones wait, and those that take \
             longer than two seconds are ended for them. Somebody may be holding them open (see \
             /connections), or the limit of open files is low"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{sleep, timeout};

    const SOON: Duration = Duration::from_millis(50);
    const PATIENT: Duration = Duration::from_secs(30);

    async fn seated(admission: &mut Admission) -> Place {
        let place = admission.place().await;
        admission.seat(&place);
        place
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_when_all_places_are_taken_waits_for_one() {
        let mut admission = Admission::of(2);
        let (first, _second) = (seated(&mut admission).await, seated(&mut admission).await);
        assert!(timeout(SOON, admission.place()).await.is_err());
        drop(first);
        assert!(timeout(SOON, admission.place()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_who_proves_nothing_is_asked_to_leave_for_the_next() {
        let mut admission = Admission::of(2);
        let oldest = seated(&mut admission).await;
        sleep(SOON).await;
        let younger = seated(&mut admission).await;
        let leaves = tokio::spawn(async move {
            oldest.wanted().await;
            drop(oldest);
        });
        assert!(timeout(HONEST / 2, admission.place()).await.is_err());
        assert!(timeout(HONEST, admission.place()).await.is_ok());
        leaves.await.unwrap();
        assert!(timeout(SOON, younger.wanted()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_proved_himself_is_left_alone() {
        let mut admission = Admission::of(1);
        let proved = seated(&mut admission).await;
        proved.proved();
        assert!(timeout(PATIENT, admission.place()).await.is_err());
        assert!(timeout(SOON, proved.wanted()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_come_and_go_leave_no_records() {
        let mut admission = Admission::of(4);
        let _stays = seated(&mut admission).await;
        for _ in 0..1000 {
            drop(seated(&mut admission).await);
        }
        assert!(admission.holders.len() <= 8, "{}", admission.holders.len());
    }

    #[test]
    fn the_places_follow_the_limit_of_open_files() {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let places = Admission::standard().most as u64;
        assert!((1..=MOST.min(limit.max(8) / 8)).contains(&places));
    }
}
