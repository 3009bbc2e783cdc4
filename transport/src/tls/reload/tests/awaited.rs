//! A process that begins before its certificate is there, or outside of its time.

use std::path::Path;

use super::*;
use crate::tls::{IdentitySource, IdentityStore, RootError, ValidityError};

fn opened(dir: &Path, now: SystemTime) -> Result<IdentityStore, IdentityError> {
    IdentityStore::open(IdentitySource::Folder(dir.to_owned()), now)
}

/// A folder with a certificate that is valid from one of these moments to the other.
fn valid(mint: &Mint, from: SystemTime, to: SystemTime) -> TempDir {
    let dir = TempDir::new().unwrap();
    let leaf = mint.leaf_with(ID, |params| set_validity(params, from, to));
    write(dir.path(), &leaf, &mint.root);
    dir
}

#[tokio::test]
async fn files_that_come_are_taken_and_until_then_it_is_known_what_is_missing() {
    let (mint, dir) = (Mint::root("root"), TempDir::new().unwrap());
    let leaf = mint.leaf(ID);
    let mut watched = Watched::awaiting(dir.path()).await;
    let why = watched.store.current().unwrap_err().to_string();
    assert!(why.contains("key.pem, root-cert.pem (Istio)"), "{why}");
    // Of another writer than the one whose names are looked for first, and one by one.
    replace(dir.path(), "svid.pem", &leaf.cert);
    replace(dir.path(), "svid_bundle.pem", &mint.root);
    let mut why = String::new();
    while !why.contains("svid_key.pem (spiffe-helper)") {
        why = watched.refused().await.to_string();
    }
    assert_eq!(watched.store.current().unwrap_err().to_string(), why);
    replace(dir.path(), "svid_key.pem", &leaf.key);
    watched.loaded_at_last().await;
    assert!(watched.store.valid(SystemTime::now()).is_ok());
}

#[tokio::test]
async fn files_that_are_of_no_use_when_they_come_are_waited_for_to_be_replaced() {
    let (mint, dir) = (Mint::root("root"), TempDir::new().unwrap());
    let mut watched = Watched::awaiting(dir.path()).await;
    let (leaf, other) = (mint.leaf(ID), mint.leaf(ID));
    replace(dir.path(), "cert-chain.pem", &leaf.cert);
    replace(dir.path(), "root-cert.pem", &mint.root);
    replace(dir.path(), "key.pem", &other.key);
    while !matches!(
        watched.store.current().map_err(|why| why.to_string()),
        Err(why) if why.contains("does not belong to")
    ) {
        watched.refused().await;
    }
    replace(dir.path(), "key.pem", &leaf.key);
    watched.loaded_at_last().await;
}

#[tokio::test]
async fn one_that_has_expired_is_held_for_what_it_says_until_it_is_replaced() {
    let (mint, now) = (Mint::root("root"), SystemTime::now());
    let dir = valid(&mint, now - 3 * HOUR, now - 2 * HOUR);
    // Its root has been replaced meanwhile, as the next certificate will be.
    fs::write(dir.path().join("root-cert.pem"), Mint::root("new").root).unwrap();
    let mut watched = Watched::awaiting(dir.path()).await;
    let held = watched.store.current().unwrap();
    assert_eq!(held.id().as_str(), ID);
    assert!(matches!(
        *watched.store.valid(now).unwrap_err(),
        IdentityError::Validity {
            fault: ValidityError::Expired { .. },
            ..
        }
    ));
    watched.silence().await;
    write(dir.path(), &mint.leaf(ID), &mint.root);
    watched.loaded_at_last().await;
    assert!(watched.store.valid(SystemTime::now()).is_ok());
}

#[test]
fn one_that_is_not_valid_yet_is_with_time() {
    let (mint, now) = (Mint::root("root"), SystemTime::now());
    let dir = valid(&mint, now + HOUR, now + 3 * HOUR);
    let store = opened(dir.path(), now).unwrap();
    assert!(matches!(
        *store.valid(now).unwrap_err(),
        IdentityError::Validity {
            fault: ValidityError::NotYet { .. },
            ..
        }
    ));
    assert!(store.valid(now + 2 * HOUR).is_ok());
}

#[test]
fn roots_that_have_ended_are_waited_for() {
    let (mint, now) = (Mint::root("root"), SystemTime::now());
    let dir = valid(&mint, now - HOUR, now + 3 * HOUR);
    let ended = Mint::root_with("ended", |params| {
        set_validity(params, now - 3 * HOUR, now - 2 * HOUR);
    });
    fs::write(dir.path().join("root-cert.pem"), ended.root).unwrap();
    let store = opened(dir.path(), now).unwrap();
    assert!(matches!(
        *store.current().unwrap_err(),
        IdentityError::Roots {
            fault: RootError::NoneValid { .. },
            ..
        }
    ));
}

#[test]
fn what_does_not_pass_by_itself_is_no_beginning() {
    let (mint, now) = (Mint::root("root"), SystemTime::now());
    let broken = |name: &str, text: &str| {
        let dir = valid(&mint, now - HOUR, now + 3 * HOUR);
        fs::write(dir.path().join(name), text).unwrap();
        opened(dir.path(), now).unwrap_err().to_string()
    };
    let why = broken("cert-chain.pem", "nothing");
    assert!(why.contains("cert-chain.pem"), "{why}");
    let why = broken("key.pem", &mint.leaf(ID).key);
    assert!(why.contains("does not belong to"), "{why}");
    let why = broken("root-cert.pem", &Mint::root("other").root);
    assert!(why.contains("none of our roots"), "{why}");
    let why = opened(Path::new("/nonexistent/certs"), now).unwrap_err();
    assert!(why.to_string().contains("/nonexistent/certs"), "{why}");
}

#[test]
fn a_file_by_its_path_is_waited_for_where_its_folder_is_there() {
    let dir = TempDir::new().unwrap();
    let file = |folder: &Path, name: &str| folder.join(name);
    let files = |folder: &Path| {
        IdentitySource::Files(IdentityFiles {
            cert: file(folder, "c.pem"),
            key: file(folder, "k.pem"),
            roots: file(folder, "r.pem"),
        })
    };
    let now = SystemTime::now();
    let store = IdentityStore::open(files(dir.path()), now).unwrap();
    let why = store.current().unwrap_err().to_string();
    assert!(why.contains("missing: c.pem"), "{why}");
    let error = IdentityStore::open(files(&dir.path().join("gone")), now).unwrap_err();
    assert!(matches!(error, IdentityError::Read { .. }), "{error}");
}
