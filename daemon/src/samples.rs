//! What is looked at when somebody asks for metrics, and not before.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Sample = Arc<dyn Fn() + Send + Sync>;

/// Functions that set gauges to what they are now; clones share them.
#[derive(Clone, Default)]
pub struct Samples {
    all: Arc<Mutex<Vec<Sample>>>,
}

impl Samples {
    /// Has `sample` called at each scrape, on the thread that answers it. It sets gauges.
    pub fn add(&self, sample: impl Fn() + Send + Sync + 'static) {
        self.lock().push(Arc::new(sample));
    }

    /// Calls all of them. Without the lock: they may take locks of their own.
    pub(crate) fn take(&self) {
        let all = self.lock().clone();
        all.iter().for_each(|sample| sample());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sample>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples").finish_non_exhaustive()
    }
}
