use std::fs;
use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{IdentityStore, ReloadEvent, ReloadTiming, watch};
use crate::tls::tests::mint::{HOUR, Mint, Minted, set_validity};
use crate::tls::{Identity, IdentityError, IdentityFiles};

const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";
/// So long that only an event can be the cause of a look.
const NO_POLL: Duration = Duration::from_secs(3600);

/// A volume as the kubelet keeps it: the files are links into `..data`, which is a link itself and
/// is swapped whole.
struct Volume {
    dir: TempDir,
    generation: u32,
}

impl Volume {
    fn new(minted: &Minted, roots: &str) -> Self {
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

    fn swap(&mut self, minted: &Minted, roots: &str) {
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

fn write(dir: &Path, minted: &Minted, roots: &str) {
    fs::write(dir.join("cert-chain.pem"), &minted.cert).unwrap();
    fs::write(dir.join("key.pem"), &minted.key).unwrap();
    fs::write(dir.join("root-cert.pem"), roots).unwrap();
}

/// Replaces one file whole, so that no look finds it half written.
fn replace(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join("draft"), text).unwrap();
    fs::rename(dir.join("draft"), dir.join(name)).unwrap();
}

/// A running watch.
struct Watched {
    store: IdentityStore,
    events: UnboundedReceiver<ReloadEvent>,
    cancel: CancellationToken,
    requests: watch::Sender<u64>,
    task: tokio::task::JoinHandle<()>,
}

impl Watched {
    async fn start(dir: &Path, poll: Duration) -> Self {
        let files = IdentityFiles::in_dir(dir).unwrap();
        let store = IdentityStore::new(Identity::load(&files, SystemTime::now()).unwrap());
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
        let task = tokio::spawn(watch(
            store.clone(),
            timing,
            asked,
            cancel.clone(),
            on_event,
        ));
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

    async fn event(&mut self) -> ReloadEvent {
        soon(self.events.recv()).await.unwrap()
    }

    async fn loaded(&mut self) {
        match self.event().await {
            ReloadEvent::Loaded { id, serial, .. } => {
                assert_eq!(id.as_str(), ID);
                assert_eq!(serial, self.store.current().serial());
            }
            other => panic!("{other:?}"),
        }
    }

    async fn refused(&mut self) -> IdentityError {
        match self.event().await {
            ReloadEvent::Refused { error } => error,
            other => panic!("{other:?}"),
        }
    }

    /// That nothing is said for a while.
    async fn silence(&mut self) {
        let event = timeout(Duration::from_millis(300), self.events.recv()).await;
        assert!(event.is_err(), "{event:?}");
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future)
        .await
        .expect("nothing happened for 20 s")
}

#[tokio::test]
async fn every_swap_of_the_kubelet_is_seen() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(volume.dir.path(), NO_POLL).await;
    let mut serials = vec![watched.store.current().serial().to_owned()];
    for _ in 0..3 {
        volume.swap(&mint.leaf(ID), &mint.root);
        watched.loaded().await;
        serials.push(watched.store.current().serial().to_owned());
    }
    serials.dedup();
    assert_eq!(serials.len(), 4);
    watched.silence().await;
}

#[tokio::test]
async fn a_broken_set_is_refused_once_and_the_old_one_stays() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(volume.dir.path(), Duration::from_millis(50)).await;
    let before = watched.store.current().serial().to_owned();
    let broken = Minted {
        cert: "nothing".to_owned(),
        ..mint.leaf(ID)
    };
    volume.swap(&broken, &mint.root);
    assert!(matches!(watched.refused().await, IdentityError::Pem { .. }));
    // The poll goes on looking at the same files, and need not say it again.
    watched.silence().await;
    assert_eq!(watched.store.current().serial(), before);
    volume.swap(&mint.leaf(ID), &mint.root);
    watched.loaded().await;
}

#[tokio::test]
async fn an_expired_set_is_refused() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(volume.dir.path(), NO_POLL).await;
    let end = SystemTime::now() - HOUR;
    volume.swap(
        &mint.leaf_with(ID, |params| set_validity(params, end - HOUR, end)),
        &mint.root,
    );
    assert!(matches!(
        watched.refused().await,
        IdentityError::Validity { .. }
    ));
}

#[tokio::test]
async fn a_set_that_does_not_verify_against_its_own_roots_is_refused() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(volume.dir.path(), NO_POLL).await;
    volume.swap(&mint.leaf(ID), &Mint::root("root").root);
    assert!(matches!(
        watched.refused().await,
        IdentityError::Chain { .. }
    ));
}

#[tokio::test]
async fn a_torn_pair_is_refused_and_taken_when_it_is_whole() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    let before = watched.store.current().serial().to_owned();
    let next = mint.leaf(ID);
    replace(dir.path(), "cert-chain.pem", &next.cert);
    assert!(matches!(
        watched.refused().await,
        IdentityError::KeyMismatch { .. }
    ));
    assert_eq!(watched.store.current().serial(), before);
    replace(dir.path(), "key.pem", &next.key);
    watched.loaded().await;
    assert_ne!(watched.store.current().serial(), before);
}

#[tokio::test]
async fn going_back_to_the_set_in_use_is_no_event_and_forgets_the_refusal() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    let good = mint.leaf(ID);
    write(dir.path(), &good, &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    for _ in 0..2 {
        replace(dir.path(), "key.pem", "torn");
        assert!(matches!(watched.refused().await, IdentityError::Pem { .. }));
        replace(dir.path(), "key.pem", &good.key);
        watched.silence().await;
    }
}

#[tokio::test]
async fn files_that_vanish_are_refused_and_the_old_ones_stay() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    fs::remove_file(dir.path().join("key.pem")).unwrap();
    assert!(matches!(
        watched.refused().await,
        IdentityError::Read { .. }
    ));
    assert_eq!(watched.store.current().id().as_str(), ID);
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_found_again_by_the_poll() {
    let (parent, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    let dir = parent.path().join("certs");
    fs::create_dir(&dir).unwrap();
    write(&dir, &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(&dir, Duration::from_millis(50)).await;
    fs::rename(&dir, parent.path().join("old")).unwrap();
    loop {
        if let ReloadEvent::Unwatched { error } = watched.event().await {
            assert!(error.contains(dir.to_str().unwrap()), "{error}");
            break;
        }
    }
    fs::create_dir(&dir).unwrap();
    write(&dir, &mint.leaf(ID), &mint.root);
    while !matches!(watched.event().await, ReloadEvent::Loaded { .. }) {}
}

#[tokio::test]
async fn looking_at_the_files_does_not_call_for_another_look() {
    // Plain files: through the kubelet's links they lie in a folder that is not watched.
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let changed = std::sync::Arc::new(tokio::sync::Notify::new());
    let files = IdentityFiles::in_dir(dir.path()).unwrap();
    let mut folders = super::folders::Folders::new(files.folders(), changed.clone());
    folders.arm().unwrap();
    files.read().unwrap();
    folders.arm().unwrap();
    assert!(
        timeout(Duration::from_millis(300), changed.notified())
            .await
            .is_err()
    );
    fs::write(dir.path().join("new"), "").unwrap();
    soon(changed.notified()).await;
}

#[tokio::test]
async fn who_asks_is_told_also_where_nothing_is_new() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    watched.requests.send_modify(|count| *count += 1);
    assert!(matches!(watched.event().await, ReloadEvent::Unchanged));

    replace(dir.path(), "key.pem", "torn");
    assert!(matches!(watched.refused().await, IdentityError::Pem { .. }));
    watched.silence().await;
    watched.requests.send_modify(|count| *count += 1);
    assert!(matches!(watched.refused().await, IdentityError::Pem { .. }));
}

#[tokio::test]
async fn the_watch_ends_when_it_is_cancelled() {
    let mint = Mint::root("root");
    let volume = Volume::new(&mint.leaf(ID), &mint.root);
    let watched = Watched::start(volume.dir.path(), NO_POLL).await;
    watched.cancel.cancel();
    soon(watched.task).await.unwrap();
}
