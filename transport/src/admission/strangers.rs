//! Who has a place and has said nothing whole yet, by where he comes from.
//!
//! To connect and say a byte costs hardly anything, so that whoever wants to can do it faster than
//! places are given up one by one. But he does it from few addresses. So what time a client may take to say its
//! ClientHello is its source's: those of one source share it. One alone has all of it, and of a flood each
//! has next to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::{HONEST, Holder};
use crate::source::Source;

/// The least that a client has. What it has said as it connected has been read in that time, and so has
/// the rest of a ClientHello of two packets.
const LEAST: Duration = Duration::from_millis(20);

/// All of them at one listener.
#[derive(Debug, Default)]
pub(super) struct Strangers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Of each source, in the order in which they came.
    of: BTreeMap<Source, BTreeMap<u64, Seated>>,
    /// By when the first of each has used his share at the earliest.
    by_due: BTreeSet<(Instant, Source)>,
}

#[derive(Debug)]
struct Seated {
    at: Instant,
    holder: Weak<Holder>,
}

/// That somebody is one of them; he is not any more when this is dropped.
#[derive(Debug)]
pub(super) struct Stranger {
    all: Arc<Strangers>,
    source: Source,
    number: u64,
}

impl Strangers {
    /// One more.
    pub(super) fn join(
        self: &Arc<Self>,
        source: Source,
        number: u64,
        holder: &Arc<Holder>,
    ) -> Stranger {
        let seated = Seated {
            at: Instant::now(),
            holder: Arc::downgrade(holder),
        };
        self.state().change(source, |here| {
            here.insert(number, seated);
        });
        Stranger {
            all: Arc::clone(self),
            source,
            number,
        }
    }

    /// Asks the first whose share is used to leave, if that is so; if not, when to look again. Nothing where
    /// there is no stranger.
    pub(super) fn ask(&self, now: Instant) -> Option<Asked> {
        let (holder, share) = {
            let state = self.state();
            let &(due, source) = state.by_due.first()?;
            if due > now {
                return Some(Asked::Nobody { again: due });
            }
            let here = state.of.get(&source)?;
            let (_, first) = here.first_key_value()?;
            (first.holder.upgrade(), share(here.len()))
        };
        // Whoever is gone is taken out by himself.
        let Some(holder) = holder else {
            return Some(Asked::Nobody { again: now + LEAST });
        };
        let left = share.saturating_sub(holder.clock.used(now));
        if left.is_zero() {
            holder.leave();
            return Some(Asked::One);
        }
        // His time has begun later than he came: nobody had looked at him before.
        let again = now + left.min(LEAST);
        Some(Asked::Nobody { again })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.of.is_empty() && state.by_due.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    One,
    Nobody { again: Instant },
}

impl State {
    fn change(&mut self, source: Source, change: impl FnOnce(&mut BTreeMap<u64, Seated>)) {
        let here = self.of.entry(source).or_default();
        if let Some(due) = due(here) {
            self.by_due.remove(&(due, source));
        }
        change(here);
        match due(here) {
            Some(due) => {
                self.by_due.insert((due, source));
            }
            None => {
                self.of.remove(&source);
            }
        }
    }
}

/// When the first of these has used his share.
fn due(here: &BTreeMap<u64, Seated>) -> Option<Instant> {
    let (_, first) = here.first_key_value()?;
    Some(first.at + share(here.len()))
}

/// What each of so many of one source has.
fn share(strangers: usize) -> Duration {
    let strangers = u32::try_from(strangers).unwrap_or(u32::MAX).max(1);
    (HONEST / strangers).max(LEAST)
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let number = self.number;
        self.all.state().change(self.source, |here| {
            here.remove(&number);
        });
    }
}
