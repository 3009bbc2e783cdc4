//! A volume of certificates, and a watch that runs on it.

use super::super::lookout::{Lookout, Read};
use super::super::{IdentityStore, ReloadEvent, ReloadTiming, keep_looking, watch};
use crate::tls::tests::mint::Minted;
use crate::tls::{Identity, IdentityError, IdentityFiles, IdentitySource};
use std::fs;
use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub(super) const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";
/// So long that only an event can be the cause of a look.
pub(super) const NO_POLL: Duration = Duration::from_secs(3600);

/// A volume as the kubelet keeps it: the files are links into `..data`, which is a link itself and
/// is swapped whole.
pub(super) struct Volume {
    pub(super) dir: TempDir,
    generation: u32,
}

impl Volume {
    pub(super) fn new(minted: &Minted, roots: &str) -> Self {
        let mut volume = Self {
            dir: TempDir::new().unwrap(),
            generation: 0,
        };
        volume.swap(minted, roots);
        for name in ["cert-chain.pem", "key.pem", "root-cert.pem"] {
            symlink(Path::new("..data").join(name), volume.dir.path().join(name)).unwrap();
        }
        volume
    }

    pub(super) fn swap(&mut self, minted: &Minted, roots: &str) {
        let old = format!("..gen{}", self.generation);
        self.generation += 1;
        let new = format!("..gen{}", self.generation);
        let path = self.dir.path();
        fs::create_dir(path.join(&new)).unwrap();
        write(&path.join(&new), minted, roots);
        symlink(&new, path.join("..data_tmp")).unwrap();
        fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
        let _ = fs::remove_dir_all(path.join(old));
    }
}

pub(super) fn write(dir: &Path, minted: &Minted, roots: &str) {
    fs::write(dir.join("cert-chain.pem"), &minted.cert).unwrap();
    fs::write(dir.join("key.pem"), &minted.key).unwrap();
    fs::write(dir.join("root-cert.pem"), roots).unwrap();
}

/// Replaces one file whole, so that no look finds it half written.
pub(super) fn replace(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join("draft"), text).unwrap();
    fs::rename(dir.join("draft"), dir.join(name)).unwrap();
}

/// A running watch.
pub(super) struct Watched {
    pub(super) store: IdentityStore,
    pub(super) events: UnboundedReceiver<ReloadEvent>,
    pub(super) cancel: CancellationToken,
    pub(super) requests: watch::Sender<u64>,
    pub(super) task: tokio::task::JoinHandle<()>,
}

impl Watched {
    pub(super) async fn start(dir: &Path, poll: Duration) -> Self {
        Self::reading(IdentityFiles::read, dir, poll).await
    }

    /// Whose files are read by `read` from the second time on.
    pub(super) async fn reading(read: Read, dir: &Path, poll: Duration) -> Self {
        let files = IdentityFiles::in_dir(dir).unwrap();
        let store = IdentityStore::new(Identity::load(&files, SystemTime::now()).unwrap());
        Self::of(store, read, poll).await
    }

    /// Of a folder in which there need not be anything yet.
    pub(super) async fn awaiting(dir: &Path) -> Self {
        let source = IdentitySource::Folder(dir.to_owned());
        let store = IdentityStore::open(source, SystemTime::now()).unwrap();
        Self::of(store, IdentityFiles::read, NO_POLL).await
    }

    async fn of(store: IdentityStore, read: Read, poll: Duration) -> Self {
        let (sender, events) = unbounded_channel();
        let cancel = CancellationToken::new();
        let timing = ReloadTiming {
            coalesce: Duration::from_millis(20),
            poll,
        };
        let (requests, asked) = watch::channel(0);
        let on_event = move |event| {
            let _ = sender.send(event);
        };
        let changed = Arc::new(Notify::new());
        let mut lookout = Lookout::new(store.clone(), Arc::clone(&changed));
        lookout.read = read;
        let stop = cancel.clone();
        let task = tokio::spawn(async move {
            keep_looking(lookout, &changed, timing, asked, stop, on_event).await;
        });
        // Until the first look is over: what is written before it is loaded without any event.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Self {
            store,
            events,
            cancel,
            requests,
            task,
        }
    }

    pub(super) async fn event(&mut self) -> ReloadEvent {
        soon(self.events.recv()).await.unwrap()
    }

    pub(super) async fn loaded(&mut self) {
        match self.event().await {
            ReloadEvent::Loaded { id, serial, .. } => {
                assert_eq!(id.as_str(), ID);
                assert_eq!(serial, self.store.current().unwrap().serial());
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn refused(&mut self) -> Arc<IdentityError> {
        match self.event().await {
            ReloadEvent::Refused { error } => error,
            other => panic!("{other:?}"),
        }
    }

    /// The same of files that are written one by one.
    pub(super) async fn loaded_at_last(&mut self) {
        while !matches!(self.event().await, ReloadEvent::Loaded { .. }) {}
    }

    /// That nothing is said for a while.
    pub(super) async fn silence(&mut self) {
        let event = timeout(Duration::from_millis(300), self.events.recv()).await;
        assert!(event.is_err(), "{event:?}");
    }
}

pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("nothing happened for 20 s")
}
