use std::fs;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::time::timeout;

use super::ReloadEvent;
use crate::tls::identity::Material;
use crate::tls::tests::mint::{HOUR, Mint, Minted, set_validity};
use crate::tls::{IdentityError, IdentityFiles};

mod awaited;
mod watched;

use watched::*;

#[tokio::test]
async fn every_swap_of_the_kubelet_is_seen() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(volume.dir.path(), NO_POLL).await;
    let mut serials = vec![watched.store.current().unwrap().serial().to_owned()];
    for _ in 0..3 {
        volume.swap(&mint.leaf(ID), &mint.root);
        watched.loaded().await;
        serials.push(watched.store.current().unwrap().serial().to_owned());
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
    let before = watched.store.current().unwrap().serial().to_owned();
    let broken = Minted {
        cert: "nothing".to_owned(),
        ..mint.leaf(ID)
    };
    volume.swap(&broken, &mint.root);
    assert!(matches!(
        *watched.refused().await,
        IdentityError::Pem { .. }
    ));
    // The poll goes on looking at the same files, and need not say it again.
    watched.silence().await;
    assert_eq!(watched.store.current().unwrap().serial(), before);
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
        *watched.refused().await,
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
        *watched.refused().await,
        IdentityError::Chain { .. }
    ));
}

#[tokio::test]
async fn a_torn_pair_is_refused_and_taken_when_it_is_whole() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    let before = watched.store.current().unwrap().serial().to_owned();
    let next = mint.leaf(ID);
    replace(dir.path(), "cert-chain.pem", &next.cert);
    assert!(matches!(
        *watched.refused().await,
        IdentityError::KeyMismatch { .. }
    ));
    assert_eq!(watched.store.current().unwrap().serial(), before);
    replace(dir.path(), "key.pem", &next.key);
    watched.loaded().await;
    assert_ne!(watched.store.current().unwrap().serial(), before);
}

#[tokio::test]
async fn going_back_to_the_set_in_use_is_told_and_forgets_the_refusal() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    let good = mint.leaf(ID);
    write(dir.path(), &good, &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    for _ in 0..2 {
        replace(dir.path(), "key.pem", "torn");
        assert!(matches!(
            *watched.refused().await,
            IdentityError::Pem { .. }
        ));
        replace(dir.path(), "key.pem", &good.key);
        assert!(matches!(watched.event().await, ReloadEvent::Unchanged));
    }
}

#[tokio::test]
async fn files_that_vanish_are_refused_and_the_old_ones_stay() {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(dir.path(), &mint.leaf(ID), &mint.root);
    let mut watched = Watched::start(dir.path(), NO_POLL).await;
    fs::remove_file(dir.path().join("key.pem")).unwrap();
    assert!(matches!(
        *watched.refused().await,
        IdentityError::NoFiles { .. }
    ));
    assert_eq!(watched.store.current().unwrap().id().as_str(), ID);
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
    assert!(matches!(
        *watched.refused().await,
        IdentityError::Pem { .. }
    ));
    watched.silence().await;
    watched.requests.send_modify(|count| *count += 1);
    assert!(matches!(
        *watched.refused().await,
        IdentityError::Pem { .. }
    ));
}

/// As a defect in the reader would: on these files and on no others.
fn panics_on_a_mark(files: &IdentityFiles) -> Result<Material, IdentityError> {
    let material = files.read()?;
    assert!(!material.cert.ends_with(b"# panic"), "a defect");
    Ok(material)
}

#[tokio::test]
async fn a_panic_is_a_refusal_and_the_next_good_set_is_taken() {
    let mint = Mint::root("root");
    let mut volume = Volume::new(&mint.leaf(ID), &mint.root);
    let mut watched = Watched::reading(panics_on_a_mark, volume.dir.path(), NO_POLL).await;
    let before = watched.store.current().unwrap().serial().to_owned();
    let leaf = mint.leaf(ID);
    let marked = Minted {
        cert: leaf.cert.clone() + "# panic",
        ..leaf
    };
    volume.swap(&marked, &mint.root);
    assert!(matches!(
        *watched.refused().await,
        IdentityError::BrokenDown
    ));
    assert_eq!(watched.store.current().unwrap().serial(), before);
    volume.swap(&mint.leaf(ID), &mint.root);
    watched.loaded().await;
    watched.cancel.cancel();
    watched.task.await.unwrap();
}

#[tokio::test]
async fn the_watch_ends_when_it_is_cancelled() {
    let mint = Mint::root("root");
    let volume = Volume::new(&mint.leaf(ID), &mint.root);
    let watched = Watched::start(volume.dir.path(), NO_POLL).await;
    watched.cancel.cancel();
    soon(watched.task).await.unwrap();
}
