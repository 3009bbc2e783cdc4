//! The admin address: what the process is doing, for people and tools on the same host.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

mod calls;
mod host;
mod page;
mod query;

pub(crate) use calls::{AdminCalls, answer};

type Section = Arc<dyn Fn() -> Value + Send + Sync>;

/// What the admin address shows beyond what every process has; clones are the same.
///
/// `routes` and `certs` are there from the start, empty, so that a tool can ask any server for them.
#[derive(Clone)]
pub struct Admin {
    sections: Arc<Mutex<BTreeMap<&'static str, Section>>>,
}

impl Default for Admin {
    fn default() -> Self {
        let admin = Self {
            sections: Arc::default(),
        };
        admin.section("routes", || Value::Array(Vec::new()));
        admin.section("certs", || Value::Array(Vec::new()));
        admin
    }
}

impl Admin {
    /// Nothing to show yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows what `show` returns at `GET /NAME`, and as the member NAME of `/config_dump`. It is
    /// called for each request, on the thread that serves admin calls, and replaces an earlier one.
    pub fn section(&self, name: &'static str, show: impl Fn() -> Value + Send + Sync + 'static) {
        self.lock().insert(name, Arc::new(show));
    }

    /// One section as it is now.
    fn show(&self, name: &str) -> Option<Value> {
        let show = self.lock().get(name).map(Arc::clone)?;
        Some(show())
    }

    /// All sections as they are now.
    fn show_all(&self) -> Value {
        // Called without the lock: a section may take locks of its own.
        let sections = self.lock().clone();
        let shown = sections
            .into_iter()
            .map(|(name, show)| (name.to_owned(), show()));
        Value::Object(shown.collect::<Map<_, _>>())
    }

    fn names(&self) -> Vec<&'static str> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Section>> {
        self.sections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
