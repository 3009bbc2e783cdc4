//! Who has how many of something.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many each has; who has none takes no memory.
#[derive(Debug)]
pub(super) struct Shares<K>(Mutex<HashMap<K, usize>>);

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Hash + Eq> Shares<K> {
    /// One more for `key`, unless it has `limit`.
    pub(super) fn take(&self, key: K, limit: NonZeroUsize) -> bool {
        let mut shares = self.lock();
        let share = shares.entry(key).or_default();
        let free = *share < limit.get();
        if free {
            *share += 1;
        }
        free
    }

    /// One more for `key`, whatever it has.
    pub(super) fn add(&self, key: K) {
        *self.lock().entry(key).or_default() += 1;
    }

    /// One less for `key`.
    pub(super) fn give(&self, key: &K) {
        let mut shares = self.lock();
        let Some(share) = shares.get_mut(key) else {
            return;
        };
        *share -= 1;
        if *share == 0 {
            shares.remove(key);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
