use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::mint::{HOUR, Mint, store};
use super::*;

/// Until a certificate ends that has to be written and read before, by a machine that is busy.
const SOON: Duration = Duration::from_secs(10);

async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let waiting = async {
        while !reached() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        timeout(Duration::from_secs(30), waiting).await.is_ok(),
        "{what}: not in 30 s"
    );
}

#[tokio::test]
async fn an_expired_certificate_makes_unready_until_a_new_one_is_there() {
    let (mint, context) = (Mint::new(), Context::new());
    let soon = SystemTime::now() + SOON;
    let (dir, store) = mint.workload("replica", soon);
    let following = tokio::spawn(follow(store.clone(), context.clone()));
    let blocked = || {
        let blocked = context.readiness.ready().err()?;
        Some(blocked.first()?.to_string())
    };
    until("ready", || blocked().is_none()).await;
    let mut said = None;
    until("expired", || {
        said = blocked();
        said.is_some()
    })
    .await;
    let said = said.unwrap();
    assert!(said.contains("cert-chain.pem expired at"), "{said}");

    mint.write(dir.path(), "replica", SystemTime::now() + HOUR);
    until("ready again", || blocked().is_none()).await;
    context.shutdown.abort().await;
    following.await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_has_come_for_a_moment_is_judged_by_its_own_end() {
    let (mint, context) = (Mint::new(), Context::new());
    let (dir, store) = mint.workload("replica", SystemTime::now() + HOUR);
    let before = store.current().unwrap().serial().to_owned();
    tokio::spawn(follow(store.clone(), context.clone()));
    // The end of the first one is what is waited for, in steps of 30 s, once the following has run.
    yield_now().await;
    mint.write(dir.path(), "replica", SystemTime::now() + SOON);
    until("new certificate", || {
        context.request_reload();
        store.current().unwrap().serial() != before
    })
    .await;
    let expired = async {
        while context.readiness.ready().is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let told = timeout(LOOK_AT_MOST - Duration::from_secs(10), expired).await;
    assert!(told.is_ok(), "ready for too long after the end");
}

#[tokio::test]
async fn an_expired_certificate_counts_before_the_following_has_run() {
    let (mint, context) = (Mint::new(), Context::new());
    let (_dir, store) = mint.workload("replica", SystemTime::now() + SOON);
    sleep(SOON + Duration::from_secs(1)).await;
    let _following = follow(store, context.clone());
    assert!(context.readiness.ready().is_err());
}

#[tokio::test]
async fn a_request_to_reload_takes_over_files_of_which_no_event_has_told() {
    let (mint, context) = (Mint::new(), Context::new());
    let parent = TempDir::new().unwrap();
    let (link, draft) = (parent.path().join("certs"), parent.path().join("draft"));
    for dir in ["old", "new"] {
        let dir = parent.path().join(dir);
        fs::create_dir(&dir).unwrap();
        mint.write(&dir, "replica", SystemTime::now() + HOUR);
    }
    symlink("old", &link).unwrap();
    let store = store(&link);
    let before = store.current().unwrap().serial().to_owned();
    tokio::spawn(follow(store.clone(), context.clone()));
    // What is watched is the folder behind the link, and nothing happens there.
    until("ready", || context.readiness.ready().is_ok()).await;
    sleep(Duration::from_millis(500)).await;
    symlink("new", &draft).unwrap();
    fs::rename(&draft, &link).unwrap();
    until("new certificate", || {
        context.request_reload();
        store.current().unwrap().serial() != before
    })
    .await;
}
