//! Whether the process can do its work, and if not, what it waits for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

/// The reasons that stand between the process and being ready; ready when there is none.
///
/// Clones share the same state. What belongs here is what this process lacks itself (a listener, a
/// certificate), never that a far end cannot be reached: a cut between the sites must not take the
/// database's pod out of service.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    blocked: Mutex<BTreeMap<&'static str, String>>,
    was_ready: AtomicBool,
}

/// One thing the process waits for, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// What it is, as given to [`Readiness::blocker`].
    pub name: &'static str,
    /// Why it blocks, a sentence for a person.
    pub reason: String,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

/// The right to say whether one named thing stands in the way.
///
/// Dropping it leaves its last word standing: a task that died while it blocked has not become ready.
#[derive(Debug)]
pub struct Blocker {
    name: &'static str,
    shared: Arc<Shared>,
}

impl Readiness {
    /// Nothing registered yet, which counts as ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers `name` as blocking until [`Blocker::clear`] is called.
    pub fn blocker(&self, name: &'static str) -> Blocker {
        let blocker = Blocker {
            name,
            shared: Arc::clone(&self.shared),
        };
        blocker.insert("has not reported yet".to_owned());
        blocker
    }

    /// Not ready for as long as `why` has a reason; ends with its sender. What it says now counts from
    /// the call on: a task that runs later would make a process unready that has become ready meanwhile.
    pub fn follow(
        self,
        name: &'static str,
        mut why: watch::Receiver<Option<String>>,
    ) -> impl Future<Output = ()> + Send {
        let blocker = self.blocker(name);
        blocker.say(why.borrow_and_update().clone());
        async move {
            while why.changed().await.is_ok() {
                let reason = why.borrow_and_update().clone();
                blocker.say(reason);
            }
        }
    }

    /// Ready, or everything that stands in the way, by name.
    pub fn ready(&self) -> Result<(), Vec<Blocked>> {
        let blocked = self.shared.lock();
        if blocked.is_empty() {
            self.shared.was_ready.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(blocked
            .iter()
            .map(|(name, reason)| Blocked {
                name,
                reason: reason.clone(),
            })
            .collect())
    }

    /// Started: ready now, or was at some time before. This is what a startup probe asks.
    pub fn started(&self) -> Result<(), Vec<Blocked>> {
        if self.shared.was_ready.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.ready()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocker {
    /// Nothing stands in the way any more, as far as this blocker is concerned.
    pub fn clear(&self) {
        let mut blocked = self.shared.lock();
        let was_last = blocked.remove(self.name).is_some() && blocked.is_empty();
        drop(blocked);
        if was_last {
            self.shared.was_ready.store(true, Ordering::Relaxed);
            tracing::info!("ready");
        }
    }

    /// Not ready, and why; may be called again with a newer reason.
    pub fn set(&self, reason: impl Into<String>) {
        let reason = reason.into();
        let news = self.insert(reason.clone());
        if news {
            tracing::warn!("not ready: {}: {reason}", self.name);
        }
    }

    fn say(&self, reason: Option<String>) {
        match reason {
            Some(reason) => self.set(reason),
            None => self.clear(),
        }
    }

    /// Returns whether it did not block before.
    fn insert(&self, reason: String) -> bool {
        self.shared.lock().insert(self.name, reason).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_blocker_blocks_until_it_is_cleared() {
        let readiness = Readiness::new();
        assert_eq!(readiness.ready(), Ok(()));
        let certificate = readiness.blocker("certificate");
        certificate.set("expired on Monday");
        let blocked = readiness.ready().unwrap_err();
        assert_eq!(blocked[0].to_string(), "certificate: expired on Monday");
        certificate.clear();
        assert_eq!(readiness.ready(), Ok(()));
    }

    #[test]
    fn every_blocker_is_told_by_name() {
        let readiness = Readiness::new();
        let _listener = readiness.blocker("listener");
        let _certificate = readiness.blocker("certificate");
        let names: Vec<_> = readiness
            .ready()
            .unwrap_err()
            .into_iter()
            .map(|b| b.name)
            .collect();
        assert_eq!(names, ["certificate", "listener"]);
    }

    #[test]
    fn dropping_a_blocker_does_not_make_ready() {
        let readiness = Readiness::new();
        drop(readiness.blocker("listener"));
        assert!(readiness.ready().is_err());
    }

    #[tokio::test]
    async fn what_has_run_out_blocks_while_it_lasts() {
        let readiness = Readiness::new();
        let why = watch::Sender::new(None);
        let following = tokio::spawn(readiness.clone().follow("accept", why.subscribe()));
        for (reason, wanted) in [(None, true), (Some("no descriptors"), false), (None, true)] {
            why.send_replace(reason.map(str::to_owned));
            while readiness.ready().is_ok() != wanted {
                tokio::task::yield_now().await;
            }
        }
        drop(why);
        following.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_followed_counts_before_its_task_has_run() {
        let readiness = Readiness::new();
        let why = watch::Sender::new(Some("no descriptors".to_owned()));
        let following = readiness.clone().follow("accept", why.subscribe());
        let blocked = readiness.ready().unwrap_err();
        assert_eq!(blocked[0].to_string(), "accept: no descriptors");
        why.send_replace(None);
        drop(why);
        following.await;
        assert_eq!(readiness.ready(), Ok(()));
    }

    #[test]
    fn started_stays_true_when_ready_no_longer_is() {
        let readiness = Readiness::new();
        let listener = readiness.blocker("listener");
        assert!(readiness.started().is_err());
        listener.clear();
        listener.set("no file descriptors left");
        assert!(readiness.ready().is_err());
        assert_eq!(readiness.started(), Ok(()));
    }
}
