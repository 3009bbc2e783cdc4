//! In TLS 1.3 a client is done with its handshake before the server has judged it.

use std::time::{Duration, SystemTime};

use rustls::pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::{HOUR, Mint, load, set_validity};
use super::wire::tcp;
use crate::reason::Reason;
use crate::relay::{Counts, End, Patience, TlsLeg, relay};
use crate::tls::{Identity, MinTls, ServerAlpn, connect};

/// How the relay of a client ends at a server that lets in only `allowed`, and that the app was
/// told with a reset.
async fn carried(client: &Identity, server: &Identity, allowed: Allow) -> End {
    let client = client
        .client_config(verdict(&Allow::Anyone), MinTls::Tls13)
        .unwrap();
    let server = server
        .server_config(verdict(&allowed), MinTls::Tls13, ServerAlpn::Istio)
        .unwrap();
    let (near, far) = tcp().await;
    let (mut app, mut downstream) = tcp().await;
    let refusing =
        tokio::spawn(async move { TlsAcceptor::from(server).accept(far).await.is_err() });
    let name = ServerName::try_from("peer").unwrap();
    let mut near = near;
    let secured = connect(client, name, &mut near).await.unwrap();
    let mut upstream = TlsLeg::new(near, secured);
    let (counts, stop) = (Counts::default(), CancellationToken::new());
    let end = relay(
        &mut downstream,
        &mut upstream,
        &counts,
        &Patience::default(),
        &stop,
    )
    .await;
    drop((downstream, upstream));
    assert!(refusing.await.unwrap());
    assert!(app.read(&mut [0]).await.is_err());
    end
}

fn is_refused_with(end: &End, words: &str) {
    assert_eq!(end.reason, Reason::RefusedByPeer, "{end:?}");
    let said = end.error.as_ref().unwrap().to_string();
    assert!(said.starts_with("the peer refused us: "), "{said}");
    assert!(said.contains(words), "{said}");
}

#[tokio::test]
async fn who_is_not_on_the_list_reads_so_in_its_own_log() {
    let mint = Mint::root("root");
    let only = Allow::Only("spiffe://cluster.local/ns/other/sa/default");
    let end = carried(&mint.identity(CLIENT), &mint.identity(SERVER), only).await;
    is_refused_with(&end, "our identity is not on its allow list");
}

#[tokio::test]
async fn who_has_another_root_reads_so_in_its_own_log() {
    let (ours, theirs) = (Mint::root("root"), Mint::root("root"));
    let roots = format!("{}{}", ours.root, theirs.root);
    let client = load(&theirs.leaf(CLIENT), &roots, SystemTime::now()).unwrap();
    let end = carried(&client, &ours.identity(SERVER), Allow::Anyone).await;
    is_refused_with(&end, "our certificate leads to none of its roots");
}

#[tokio::test]
async fn who_has_expired_reads_so_in_its_own_log() {
    let mint = Mint::root("root");
    let not_after = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let expired = mint.leaf_with(CLIENT, |p| set_validity(p, not_after - HOUR, not_after));
    let client = load(&expired, &mint.root, not_after).unwrap();
    let end = carried(&client, &mint.identity(SERVER), Allow::Anyone).await;
    is_refused_with(&end, "is outside its validity by its clock");
}
