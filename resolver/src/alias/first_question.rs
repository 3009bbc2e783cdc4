//! Who hears that an alias is asked for, before the answer is made.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Told of the first question for an alias; whoever asks meanwhile waits until it has been heard. Clones
/// share what they have told.
#[derive(Clone)]
pub struct FirstQuestion {
    told: Arc<OnceLock<()>>,
    hear: Arc<dyn Fn() + Send + Sync>,
}

impl FirstQuestion {
    /// `hear` is called once. It may put another table in force, and must not wait for the network.
    pub fn new(hear: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            told: Arc::default(),
            hear: Arc::new(hear),
        }
    }

    pub(super) fn tell(&self) {
        self.told.get_or_init(|| (self.hear)());
    }
}

impl fmt::Debug for FirstQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstQuestion")
            .field("told", &self.told.get().is_some())
            .finish_non_exhaustive()
    }
}
