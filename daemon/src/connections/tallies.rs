//! The routes that somebody has come for, each with its counts.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Direction, Tally};

/// Routes that are counted, of each direction. So many are asked for by somebody who makes names up under a
/// wildcard, or in a large cluster.
const MOST: usize = 4096;
/// Where more come, so many are forgotten at once, so that not each newcomer has all looked through.
const AT_ONCE: usize = MOST / 8;

/// The routes of a process, by direction and name.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    known: [Mutex<Known>; Direction::ALL.len()],
    turns: AtomicU64,
    uncounted: AtomicU64,
}

type Known = HashMap<Arc<str>, Arc<Tally>>;

/// A moment, by what was opened before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn(u64);

impl Tallies {
    /// The counts of a route, from now on if nobody has come for it yet, with one more connection open.
    /// That is counted under the lock, so that nobody else takes it for one that is not used.
    pub(super) fn open(&self, direction: Direction, name: &str) -> Arc<Tally> {
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let mut known = self.lock(direction);
        if let Some(tally) = known.get(name) {
            tally.open();
            tally.has_its_turn(turn);
            return Arc::clone(tally);
        }
        let name: Arc<str> = name.into();
        if known.len() >= MOST {
            make_room(&mut known);
        }
        let tally = Arc::new(Tally::new(Arc::clone(&name)));
        tally.open();
        tally.has_its_turn(turn);
        if known.len() < MOST {
            known.insert(name, Arc::clone(&tally));
        } else {
            self.uncounted.fetch_add(1, Ordering::Relaxed);
        }
        tally
    }

    /// Connections that are on no route that is told of: all places were taken by routes in use.
    pub(super) fn uncounted(&self) -> u64 {
        self.uncounted.load(Ordering::Relaxed)
    }

    /// Those of a route that somebody has come for.
    pub(super) fn get(&self, direction: Direction, name: &str) -> Option<Arc<Tally>> {
        self.lock(direction).get(name).cloned()
    }

    /// All of one direction, in no order.
    pub(super) fn all(&self, direction: Direction) -> Vec<Arc<Tally>> {
        self.lock(direction).values().cloned().collect()
    }

    /// The moment that it is.
    pub(super) fn now(&self) -> Turn {
        Turn(self.turns.load(Ordering::Relaxed))
    }

    /// Forgets what nobody uses and nobody has come for since `then`, but for those to be kept.
    pub(super) fn keep(&self, kept: &HashSet<(Direction, Arc<str>)>, then: Turn) {
        for direction in Direction::ALL {
            self.lock(direction).retain(|name, tally| {
                let is_new = tally.turn() >= then.0;
                is_new || !tally.is_idle() || kept.contains(&(direction, Arc::clone(name)))
            });
        }
    }

    fn lock(&self, direction: Direction) -> MutexGuard<'_, Known> {
        let known = &self.known[direction as usize];
        known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets some that nobody uses: first those over which nothing has ever come back, then those that nobody has
/// come for the longest.
fn make_room(known: &mut Known) {
    let idle = known.values().filter(|tally| tally.is_idle());
    let mut idle: Vec<_> = idle
        .map(|tally| {
            let answered = tally.carried().answered > 0;
            (answered, tally.turn(), Arc::clone(tally.name()))
        })
        .collect();
    if idle.len() > AT_ONCE {
        idle.select_nth_unstable(AT_ONCE);
        idle.truncate(AT_ONCE);
    }
    for (_, _, name) in idle {
        known.remove(&name);
    }
}

#[cfg(test)]
mod tests;
