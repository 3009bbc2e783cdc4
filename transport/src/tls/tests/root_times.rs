//! Roots that begin and end while the process runs.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::{HOUR, Mint, load, set_validity};
use crate::tls::validity::to_unix_time;
use crate::tls::verify::PeerVerifier;
use crate::tls::{Identity, PeerFault};

/// A CA whose root is valid between two moments, and whose leaves are at any time of these tests.
fn root(name: &str, begin: SystemTime, end: SystemTime) -> Mint {
    Mint::root_with(name, |params| set_validity(params, begin, end))
}

/// An identity that trusts `roots`, loaded at the time `now`.
fn trusting(own: &Mint, roots: &[&Mint], now: SystemTime) -> Identity {
    let roots: String = roots.iter().map(|mint| mint.root.as_str()).collect();
    load(&own.leaf(CLIENT), &roots, now).unwrap()
}

/// What `identity` has against a server of `mint` at the time `at`.
fn fault(identity: &Identity, mint: &Mint, at: SystemTime) -> Option<PeerFault> {
    let leaf = mint.leaf_with(SERVER, |p| {
        set_validity(p, at - 100 * HOUR, at + 100 * HOUR)
    });
    let server = load(&leaf, &mint.root, SystemTime::now()).unwrap();
    let verdict = verdict(&Allow::Anyone);
    let verifier = PeerVerifier::new(Arc::clone(&identity.roots), verdict.clone());
    let (leaf, others) = server.key.cert.split_first().unwrap();
    let name = ServerName::try_from("peer").unwrap();
    let outcome = verifier.verify_server_cert(leaf, others, &name, &[], to_unix_time(at));
    assert_eq!(outcome.is_err(), verdict.refusal().is_some());
    verdict.refusal().map(|refusal| refusal.fault.clone())
}

#[tokio::test]
async fn a_root_that_expires_while_the_process_runs_is_trusted_no_longer() {
    let now = SystemTime::now();
    let lasting = Mint::root("lasting");
    let ending = root("ending", now - HOUR, now + HOUR);
    let identity = trusting(&lasting, &[&lasting, &ending], now);
    assert_eq!(fault(&identity, &ending, now), None);
    let later = fault(&identity, &ending, now + 2 * HOUR).unwrap();
    assert!(matches!(later, PeerFault::UnknownRoot(_)), "{later}");
    assert!(later.to_string().contains("which expired at"), "{later}");
    assert_eq!(fault(&identity, &lasting, now + 2 * HOUR), None);
}

#[tokio::test]
async fn a_root_that_begins_while_the_process_runs_is_trusted_from_then_on() {
    let now = SystemTime::now();
    let lasting = Mint::root("lasting");
    let coming = root("coming", now - HOUR, now + 10 * HOUR);
    // Seen two hours ago, when it had not begun.
    let then = now - 2 * HOUR;
    let own = lasting.leaf_with(CLIENT, |p| set_validity(p, then - HOUR, now + HOUR));
    let both = format!("{}{}", lasting.root, coming.root);
    let identity = load(&own, &both, then).unwrap();
    let early = fault(&identity, &coming, then).unwrap();
    assert!(
        early.to_string().contains("which is not valid before"),
        "{early}"
    );
    assert_eq!(fault(&identity, &coming, now), None);
}
