//! How many connections may be on their way in at a time.
//!
//! Who has sent no ClientHello, or not yet proved who he is, costs memory, descriptors and a task.
//! Unbounded, such connections would use up the descriptors that live ones, name look-ups and reloads
//! need. Where all places are taken, whoever has made us wait longer than anybody honest does gives his
//! to the next. Who waits for us, because many others do as well, makes us wait no longer for that
//! ([`Clock`]). Of those who have not even said what they want, all of one source have together what one
//! alone has, so that a flood gives way to itself.

mod clock;
mod strangers;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::source::Source;
pub use clock::{Clock, Late, Ours};
use strangers::{Asked, Strangers};

/// Far more than come at once in honest use (each has a place for milliseconds), and as many as the
/// kernel keeps in the listener's queue behind them.
const MOST: u64 = 4096;
/// Of this many descriptors one connection may be on its way in: it can take four (itself, two
/// questions to name servers, the upstream), so that half of all are left.
const DESCRIPTORS: u64 = 8;
/// In this time a client has said who it is, across the world and with a lost packet or two (RFC 6298:
/// the first is sent again after a second). A site that reconnects at once is not thrown out.
const HONEST: Duration = Duration::from_secs(2);
/// How often it is looked again whether one who waits for us has used his time by then.
const LOOK: Duration = Duration::from_millis(100);
/// Who is asked leaves at once; if he has not in this time, the next one is asked.
const LEAVING: Duration = Duration::from_millis(10);
/// One in so many places is asked for at a time: who is asked leaves when it is his turn to run, and with one
/// at a time there would be as few as there are turns.
const ASKED: usize = 64;
/// Time between two warnings that all places are taken.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The places of one listener.
#[derive(Debug)]
pub struct Admission {
    places: Arc<Semaphore>,
    /// Who has one, by when he can have used his time at the earliest, and by who came first. Those who
    /// have left, or proved themselves, are taken out when they come to the front.
    holders: BTreeMap<(Instant, u64), Weak<Holder>>,
    strangers: Arc<Strangers>,
    seated: u64,
    most: usize,
    warned: Option<Instant>,
}

#[derive(Debug, Default)]
struct Holder {
    clock: Clock,
    proved: AtomicBool,
    wanted: Notify,
}

impl Holder {
    /// Has him leave.
    fn leave(&self) {
        self.clock.no_stranger();
        self.wanted.notify_one();
    }
}

/// Why a place has to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// The client took too long.
    Late,
    /// It took longer than anybody honest, and the place is wanted by somebody else.
    Wanted,
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
        self.holder.clock.no_stranger();
    }

    /// The client's clock: to be stopped while it waits for us.
    pub fn clock(&self) -> &Clock {
        &self.holder.clock
    }

    /// What comes of `work`, in which the client has to do its part within `limit`. Its clock begins
    /// now: until here it has waited for us.
    ///
    /// # Errors
    /// When it does not, or somebody else wants the place: the connection has to end.
    pub async fn within<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Leave> {
        let mut work = pin!(self.holder.clock.within(limit, work));
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done.map_err(|Late| Leave::Late),
                // Whoever has moved before we came to look again is not to blame for that.
                () = self.holder.wanted.notified() => if self.holder.clock.runs() {
                    return Err(Leave::Wanted);
                },
            }
        }
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
            holders: BTreeMap::new(),
            strangers: Arc::default(),
            seated: 0,
            most: places,
            warned: None,
        }
    }

    /// How many places there are.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.most
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

    /// Notes that a connection has come for a place, from this address, and has it from now on.
    pub fn seat(&mut self, place: &Place, from: IpAddr) {
        // One who stays long must not keep the records of all who came and went after him.
        if self.holders.len() >= 2 * self.most {
            self.holders.retain(|_, holder| holder.strong_count() > 0);
        }
        self.seated += 1;
        let key = (Instant::now() + HONEST, self.seated);
        self.holders.insert(key, Arc::downgrade(&place.holder));
        let source = Source::from(from);
        let stranger = self.strangers.join(source, self.seated, &place.holder);
        place.holder.clock.of_stranger(stranger);
    }

    /// Asks whoever has had his place for too long to leave; when to look again.
    fn make_room(&mut self, now: Instant) -> Instant {
        let mut again = now + HONEST;
        let most = self.most.div_ceil(ASKED);
        let asked = (0..most).map_while(|_| match self.strangers.ask(now)? {
            Asked::One => Some(()),
            Asked::Nobody { again: later } => {
                again = again.min(later);
                None
            }
        });
        match asked.count() {
            0 => again.min(self.ask_first(now)),
            _ => now + LEAVING,
        }
    }

    /// Asks the first who has used his time to leave; when to look again.
    fn ask_first(&mut self, now: Instant) -> Instant {
        while let Some(first) = self.holders.first_entry() {
            let &(due, number) = first.key();
            let holder = first.get().upgrade();
            let holder = holder.filter(|holder| !holder.proved.load(Ordering::Relaxed));
            if holder.is_some() && due > now {
                return due;
            }
            let record = first.remove();
            let Some(holder) = holder else { continue };
            let left = HONEST.saturating_sub(holder.clock.used(now));
            if left.is_zero() {
                holder.leave();
                // Unless he moves before he hears of it.
                self.holders.insert((now + LOOK, number), record);
                return now + LEAVING;
            }
            self.holders.insert((now + left.max(LOOK), number), record);
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
            "as many connections as may be are in their handshake; new ones wait, and those that have us wait \
             for more than two seconds, or are many from one address, are ended for them. Somebody may be holding them open (see \
             /connections), or the limit of open files is low"
        );
    }
}

#[cfg(test)]
mod tests;
