//! Taking over new certificate files while the process runs.
//!
//! Connections that stand are never touched; each new one asks the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::lookout::{Cause, Lookout};
use super::identity::IdentityError;
use crate::spiffe::SpiffeId;

mod folders;
mod lookout;
mod store;
#[cfg(test)]
mod tests;

pub use store::IdentityStore;

/// What a look at the files has led to. One that finds nothing new is an event only if it was asked
/// for.
#[derive(Debug)]
pub enum ReloadEvent {
    /// A new set of files is in use for new connections.
    Loaded {
        /// Its SPIFFE ID.
        id: SpiffeId,
        /// Its serial number in lower-case hexadecimal.
        serial: String,
        /// Last moment at which it is valid.
        not_after: SystemTime,
    },
    /// The files were found changed, but cannot be used; the old identity stays in use, if there is one.
    /// Said once for each state of the files, and again to who asks.
    Refused {
        /// What is wrong with them.
        error: Arc<IdentityError>,
    },
    /// Somebody asked for a look, or the last files were refused, and those that are there now are in
    /// use.
    Unchanged,
    /// Changes are seen only by looking every [`ReloadTiming::poll`]. Said when it begins.
    Unwatched {
        /// Why the folders cannot be watched.
        error: String,
    },
}

/// How often the files are looked at.
#[derive(Debug, Clone, Copy)]
pub struct ReloadTiming {
    /// From the first sign of a change to the look. Writers replace three files one by one; a look
    /// in between would find a key without its certificate.
    pub coalesce: Duration,
    /// Between two looks without a sign of a change. Network file systems give no signs, and a node
    /// can be out of inotify instances.
    pub poll: Duration,
}

impl Default for ReloadTiming {
    fn default() -> Self {
        Self {
            coalesce: Duration::from_millis(200),
            poll: Duration::from_secs(60),
        }
    }
}

/// Watches the files of the identity in `store` until `cancel`, and publishes each new set that is
/// valid as a whole; while there is none, also why, and a certificate that is out of its time. A change of `requests` asks for a look at once. `on_event` is called from this
/// task and must not block.
///
/// May be dropped at any time: a set is published whole or not at all.
pub async fn watch(
    store: IdentityStore,
    timing: ReloadTiming,
    requests: watch::Receiver<u64>,
    cancel: CancellationToken,
    on_event: impl Fn(ReloadEvent) + Send,
) {
    let changed = Arc::new(Notify::new());
    let lookout = Lookout::new(store, Arc::clone(&changed));
    keep_looking(lookout, &changed, timing, requests, cancel, on_event).await;
}

async fn keep_looking(
    mut lookout: Lookout,
    changed: &Notify,
    timing: ReloadTiming,
    mut requests: watch::Receiver<u64>,
    cancel: CancellationToken,
    on_event: impl Fn(ReloadEvent) + Send,
) {
    let looking = async {
        let mut cause = Cause::Routine;
        loop {
            // Files are read and inotify is set up here, which can block on a slow disk.
            let look = spawn_blocking(move || {
                let now = SystemTime::now();
                // A look publishes at its very end, or not: one that breaks off has changed nothing.
                let looked = catch_unwind(AssertUnwindSafe(|| lookout.look(cause, now)));
                let events = looked.unwrap_or_else(|_| lookout.broke_down());
                (lookout, events)
            });
            // Panics end in there: this fails only when the runtime is shutting down.
            let Ok((back, events)) = look.await else {
                return;
            };
            lookout = back;
            events.into_iter().for_each(&on_event);
            cause = tokio::select! {
                () = changed.notified() => {
                    sleep(timing.coalesce).await;
                    Cause::Routine
                }
                () = sleep(timing.poll) => Cause::Routine,
                Ok(()) = requests.changed() => Cause::Request,
            };
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = looking => {}
    }
}
