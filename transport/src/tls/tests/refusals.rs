//! Peers with proper certificates that are refused all the same, and what each end says.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ClientConfig;

use super::meeting::{Allow, CLIENT, Meeting, Pair, SERVER, meet, verdict};
use super::mint::{HOUR, Mint, load, set_validity};
use crate::tls::crypto::provider;
use crate::tls::verify::PeerVerifier;
use crate::tls::{HandshakeError, MinTls, PeerAlert, PeerFault, ServerAlpn};

const OTHER: &str = "spiffe://cluster.local/ns/other/sa/default";

/// The fault for which the client refused the server, and the alert that the server got.
fn client_refused(meeting: &Meeting) -> (&PeerFault, &PeerAlert) {
    match (&meeting.client, &meeting.server) {
        (Err(HandshakeError::Refused(error)), Err(HandshakeError::RefusedByPeer(alert))) => {
            (&error.fault, alert)
        }
        _ => panic!(
            "client: {}, server: {}",
            meeting.client_error(),
            meeting.server_error()
        ),
    }
}

/// The same the other way round.
fn server_refused(meeting: &Meeting) -> (&PeerFault, &PeerAlert) {
    match (&meeting.server, &meeting.client) {
        (Err(HandshakeError::Refused(error)), Err(HandshakeError::RefusedByPeer(alert))) => {
            (&error.fault, alert)
        }
        _ => panic!(
            "client: {}, server: {}",
            meeting.client_error(),
            meeting.server_error()
        ),
    }
}

#[tokio::test]
async fn a_server_with_another_identity_is_refused_and_told_that_it_is_not_allowed() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.client_allows = Allow::Only(OTHER);
    let meeting = pair.meet().await;
    let (fault, alert) = client_refused(&meeting);
    assert!(matches!(fault, PeerFault::NotAllowed(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::NotAllowed);
    let message = meeting.client_error();
    assert!(
        message.contains(&format!("{SERVER} is not allowed: expected {OTHER}")),
        "{message}"
    );
}

#[tokio::test]
async fn a_client_with_another_identity_is_refused_and_told_that_it_is_not_allowed() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.server_allows = Allow::Only(OTHER);
    let meeting = pair.meet().await;
    let (fault, alert) = server_refused(&meeting);
    assert!(matches!(fault, PeerFault::NotAllowed(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::NotAllowed);
    let message = meeting.server_error();
    assert!(
        message.contains(&format!("{CLIENT} is not allowed: expected {OTHER}")),
        "{message}"
    );
}

#[tokio::test]
async fn another_root_of_the_same_name_is_not_ours() {
    let (ours, theirs) = (Mint::root("root"), Mint::root("root"));
    let meeting = Pair::new(ours.identity(CLIENT), theirs.identity(SERVER))
        .meet()
        .await;
    let (fault, alert) = client_refused(&meeting);
    assert!(matches!(fault, PeerFault::UnknownRoot(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::UnknownRoot);
    let message = meeting.client_error();
    assert!(message.contains(SERVER), "{message}");
    assert!(message.contains("\"CN=root\" sha256:"), "{message}");
}

#[tokio::test]
async fn a_client_of_another_root_is_refused_by_the_server() {
    let (ours, theirs) = (Mint::root("root"), Mint::root("root"));
    let now = SystemTime::now();
    // It trusts us; we do not trust it.
    let roots = format!("{}{}", ours.root, theirs.root);
    let client = load(&theirs.leaf(CLIENT), &roots, now).unwrap();
    let meeting = Pair::new(client, ours.identity(SERVER)).meet().await;
    let (fault, alert) = server_refused(&meeting);
    assert!(matches!(fault, PeerFault::UnknownRoot(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::UnknownRoot);
}

#[tokio::test]
async fn an_expired_server_is_refused_and_the_message_has_the_id_and_the_time() {
    let mint = Mint::root("root");
    let not_after = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let expired = mint.leaf_with(SERVER, |p| set_validity(p, not_after - HOUR, not_after));
    let server = load(&expired, &mint.root, not_after).unwrap();
    let meeting = Pair::new(mint.identity(CLIENT), server).meet().await;
    let (fault, alert) = client_refused(&meeting);
    assert!(matches!(fault, PeerFault::Validity(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::Expired);
    let message = meeting.client_error();
    let part = format!("(it says {SERVER}) expired at 2023-11-14T22:13:20Z");
    assert!(message.contains(&part), "{message}");
}

#[tokio::test]
async fn a_client_from_the_future_is_refused() {
    let mint = Mint::root("root");
    let later = SystemTime::now() + 10 * HOUR;
    let early = mint.leaf_with(CLIENT, |p| set_validity(p, later - HOUR, later + HOUR));
    let client = load(&early, &mint.root, later).unwrap();
    let meeting = Pair::new(client, mint.identity(SERVER)).meet().await;
    let (fault, alert) = server_refused(&meeting);
    assert!(fault.to_string().contains("is not valid before"), "{fault}");
    assert_eq!(*alert, PeerAlert::Expired);
}

#[tokio::test]
async fn an_expired_intermediate_is_refused_and_blamed() {
    let root = Mint::root("root");
    let past = SystemTime::now() - 10 * HOUR;
    let old = root.intermediate_with("old", |p| set_validity(p, past - HOUR, past));
    let leaf = old.leaf_with(SERVER, |p| set_validity(p, past - HOUR, past + 100 * HOUR));
    let server = load(&leaf, &root.root, past).unwrap();
    let meeting = Pair::new(root.identity(CLIENT), server).meet().await;
    let (fault, alert) = client_refused(&meeting);
    assert!(matches!(fault, PeerFault::Issuer(_)), "{fault}");
    assert_eq!(*alert, PeerAlert::Expired);
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let ours = Mint::root("root").identity(SERVER);
    let (client, server) = (verdict(&Allow::Anyone), verdict(&Allow::Anyone));
    let verifier = PeerVerifier::new(Arc::clone(&ours.roots), client.clone());
    let nameless = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let config = ours
        .server_config(server.clone(), MinTls::Tls13, ServerAlpn::Silent)
        .unwrap();
    let meeting = meet((Arc::new(nameless), &client), (config, &server)).await;
    let (fault, alert) = server_refused(&meeting);
    assert_eq!(*fault, PeerFault::NoCertificate);
    assert_eq!(*alert, PeerAlert::CertificateRequired);
}

/// The pod's name beside an identity that several pods have.
const POD: &str = "db-pxc-0.db-pxc.pxc.svc.cluster.local";

fn pods(own: &[&str]) -> Pair {
    let mint = Mint::root("root");
    let own = own.iter().map(|name| {
        let name = (*name).try_into().unwrap();
        rcgen::SanType::DnsName(name)
    });
    let minted = mint.leaf_with(SERVER, |params| params.subject_alt_names.extend(own));
    let mut pair = Pair::new(mint.identity(CLIENT), mint.identity_of(&minted));
    pair.client_allows = Allow::Named(POD);
    pair
}

#[tokio::test]
async fn a_server_with_the_name_of_the_pod_is_let_in_where_that_is_asked_for() {
    for own in [
        &[POD][..],
        &["db-pxc", POD],
        &["*.db-pxc.pxc.svc.cluster.local"],
    ] {
        let meeting = pods(own).meet().await;
        assert!(
            meeting.client.is_ok(),
            "{own:?}: {}",
            meeting.client_error()
        );
    }
}

#[tokio::test]
async fn a_server_with_the_name_of_another_pod_is_refused_by_one_that_asks_for_it() {
    let meeting = pods(&["db-pxc-1.db-pxc.pxc.svc.cluster.local"])
        .meet()
        .await;
    let (fault, _) = client_refused(&meeting);
    assert!(matches!(fault, PeerFault::OtherName { .. }), "{fault}");
    let message = meeting.client_error();
    assert!(
        message.contains(POD) && message.contains("db-pxc-1"),
        "{message}"
    );
}

#[tokio::test]
async fn a_server_with_no_name_is_refused_by_one_that_asks_for_it() {
    let meeting = pods(&[]).meet().await;
    let (fault, _) = client_refused(&meeting);
    assert!(fault.to_string().contains("none at all"), "{fault}");
}
