//! What a running server tells programs of itself: `GET /status.json`.
//!
//! A server says once how its routes and certificates are found; the rest is known here. What cannot be
//! said for certain is null, and nothing is guessed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use metrics::{describe_gauge, gauge};
use serde::Serialize;
use tokio::time::Instant;

use crate::context::{Bound, Listening};
use crate::endpoints::Endpoints;
use crate::reloads::Reload;

mod certificate;
mod document;
mod judged;
mod moment;
mod names;
mod route;
mod routes;
mod seen;
mod worst;

pub use certificate::HeldCertificate;
pub(crate) use document::document;
pub use moment::Moment;
pub use names::{DownName, NameServerStatus, ServedNames};
pub use route::{
    Asked, EndpointState, Explain, Fitness, Listing, RouteEndpoint, ServedRoute, TakeRoute,
};
pub(crate) use routes::{ByState, by_state};

const MANIFEST_ERRORS: &str = "eastwest_manifest_errors";

pub(crate) fn describe() {
    describe_gauge!(
        MANIFEST_ERRORS,
        "Errors in the manifests that are in force; what they are about is not served."
    );
}

/// What a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Beside an app.
    Shim,
    /// Between the clusters.
    Gateway,
    /// For names alone.
    Resolver,
}

type Routes = Arc<dyn Fn(&Asked, TakeRoute<'_>) -> usize + Send + Sync>;
type Certificates = Arc<dyn Fn() -> Vec<HeldCertificate> + Send + Sync>;
type Names = Arc<dyn Fn() -> ServedNames + Send + Sync>;

/// Where the answer comes from; clones are the same.
#[derive(Clone)]
pub struct Status {
    shared: Arc<Shared>,
}

struct Shared {
    begun: Instant,
    /// The same by the clock that people know. Read once: programs know a process again by it.
    started: Moment,
    program: OnceLock<(String, String)>,
    role: OnceLock<Role>,
    listeners: Mutex<Vec<Listening>>,
    routes: OnceLock<Routes>,
    certificates: OnceLock<Certificates>,
    names: OnceLock<Names>,
    reloads: Mutex<Vec<Reloaded>>,
    manifest_errors: Mutex<Vec<String>>,
}

/// What came of reading files again.
#[derive(Debug, Clone)]
struct Reloaded {
    what: Reload,
    at: SystemTime,
    taken: bool,
    said: String,
}

impl Default for Status {
    fn default() -> Self {
        let shared = Shared {
            begun: Instant::now(),
            started: Moment::now(),
            program: OnceLock::new(),
            role: OnceLock::new(),
            listeners: Mutex::default(),
            routes: OnceLock::new(),
            certificates: OnceLock::new(),
            names: OnceLock::new(),
            reloads: Mutex::default(),
            manifest_errors: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Status {
    /// What the server is. The first call counts, here and below.
    pub fn is_a(&self, role: Role) {
        let _ = self.shared.role.set(role);
    }

    /// Has its routes told for each answer, on the thread that gives it; others than are asked for do no harm. What
    /// `tell` returns is how many more there are, of which nothing is known but that nobody has come for them.
    pub fn has_routes(
        &self,
        tell: impl Fn(&Asked, TakeRoute<'_>) -> usize + Send + Sync + 'static,
    ) {
        let _ = self.shared.routes.set(Arc::new(tell));
    }

    /// The same for what it proves itself with, and holds others against.
    pub fn has_certificates(
        &self,
        find: impl Fn() -> Vec<HeldCertificate> + Send + Sync + 'static,
    ) {
        let _ = self.shared.certificates.set(Arc::new(find));
    }

    /// The same for the names that it answers.
    pub fn has_names(&self, find: impl Fn() -> ServedNames + Send + Sync + 'static) {
        let _ = self.shared.names.set(Arc::new(find));
    }

    /// What the program is called.
    pub(crate) fn is_called(&self, name: &str, version: &str) {
        let _ = self.shared.program.set((name.into(), version.into()));
    }

    /// Where it listens for as long as it serves.
    pub(crate) fn listens(&self, bound: &Bound, endpoints: &Endpoints) {
        let own = bound.lasting().cloned();
        *lock(&self.shared.listeners) = own.chain(endpoints.listening()).collect();
    }

    /// Files were read again.
    pub(crate) fn reloaded(&self, what: Reload, taken: bool, said: String) {
        let mut reloads = lock(&self.shared.reloads);
        reloads.retain(|before| before.what != what);
        let at = SystemTime::now();
        reloads.push(Reloaded {
            what,
            at,
            taken,
            said,
        });
    }

    /// What is wrong in the manifests that are in force: of each error file, line and what it is. It is
    /// not served what they are about.
    pub fn manifests_have(&self, errors: Vec<String>) {
        gauge!(MANIFEST_ERRORS).set(errors.len() as f64);
        *lock(&self.shared.manifest_errors) = errors;
    }

    /// What matters most of the last time: files that are not in force, of whichever kind.
    fn last_reload(&self) -> Option<Reloaded> {
        let reloads = lock(&self.shared.reloads);
        let refused = reloads.iter().rev().find(|reload| !reload.taken);
        refused.or_else(|| reloads.last()).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
