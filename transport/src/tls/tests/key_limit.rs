//! What happens when the key of a connection has sealed as many records as it is good for.

use rustls::crypto::CipherSuiteCommon;
use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
};
use rustls::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::wire::{Ends, ends, tcp};
use crate::reason::Reason;
use crate::relay::{Counts, End, Patience, TlsLeg, relay};

/// Few enough that a test reaches it: one MiB in full records.
const LIMIT: u64 = 64;
/// Far more than the limit lets through.
const SENT: usize = 4 << 20;

/// `suite` with a key that is good for [`LIMIT`] records.
fn limited(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    let limited = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: LIMIT,
    };
    match suite {
        SupportedCipherSuite::Tls12(suite) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: limited(&suite.common),
                ..*suite
            })))
        }
        SupportedCipherSuite::Tls13(suite) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: limited(&suite.common),
                ..*suite
            })))
        }
    }
}

fn pattern() -> Vec<u8> {
    (0..SENT).map(|i| (i % 251) as u8).collect()
}

/// What came of sending [`pattern`] through a relay with `leg` at its far side.
struct Sent {
    end: End,
    got: Vec<u8>,
    last_read: std::io::Result<usize>,
}

/// app - [tcp | leg] - peer
async fn send(leg: TlsLeg, mut peer: impl AsyncRead + AsyncWrite + Unpin) -> Sent {
    let (mut app, mut downstream) = tcp().await;
    let mut upstream = leg;
    let carrying = async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        relay(
            &mut downstream,
            &mut upstream,
            &counts,
            &Patience::default(),
            &stop,
        )
        .await
    };
    let writing = async move {
        // Fails where the relay is reset, which is the point of some tests.
        let _ = app.write_all(&pattern()).await;
        let _ = app.shutdown().await;
        app
    };
    let reading = async move {
        let mut got = Vec::new();
        let last_read = peer.read_to_end(&mut got).await;
        // Fails where the connection was reset.
        let _ = peer.shutdown().await;
        (got, last_read)
    };
    let (end, _app, (got, last_read)) = tokio::join!(carrying, writing, reading);
    Sent {
        end,
        got,
        last_read,
    }
}

async fn old() -> Ends {
    let suite = limited(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    ends(suite, tcp().await)
}

/// Whatever the peer has read was sent in that order, and it was not told that this was all.
fn is_reset_with_the_reason(sent: &Sent) {
    assert_eq!(sent.end.reason, Reason::TlsKeyUsedUp, "{:?}", sent.end);
    let said = sent.end.error.as_ref().unwrap().to_string();
    assert!(said.contains("its 64 records are used up"), "{said}");
    assert!(
        sent.last_read.is_err(),
        "a clean end after {}",
        sent.got.len()
    );
    assert!(pattern().starts_with(&sent.got));
}

#[tokio::test]
async fn a_tls_1_2_client_whose_key_is_used_up_resets_instead_of_losing_bytes() {
    let (client, server) = old().await.client().await;
    is_reset_with_the_reason(&send(client, server).await);
}

#[tokio::test]
async fn a_tls_1_2_server_whose_key_is_used_up_resets_instead_of_losing_bytes() {
    let (server, client) = old().await.server().await;
    is_reset_with_the_reason(&send(server, client).await);
}

#[tokio::test]
async fn small_records_are_counted_one_by_one() {
    let (client, mut server) = old().await.client().await;
    let (mut app, mut downstream) = tcp().await;
    let carrying = tokio::spawn(async move {
        let mut upstream = client;
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        let patience = Patience::default();
        relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await
    });
    let mut got = 0;
    while app.write_all(b"x").await.is_ok() && server.read_exact(&mut [0]).await.is_ok() {
        got += 1;
    }
    assert!((LIMIT / 3..LIMIT).contains(&got), "{got} records");
    let end = carrying.await.unwrap();
    assert_eq!(end.reason, Reason::TlsKeyUsedUp, "{end:?}");
}

#[tokio::test]
async fn tls_1_3_changes_its_keys_and_loses_nothing() {
    for ours_is_the_client in [true, false] {
        let suite = limited(TLS13_AES_128_GCM_SHA256);
        let ends = ends(suite, tcp().await);
        let sent = if ours_is_the_client {
            let (ours, peer) = ends.client().await;
            send(ours, peer).await
        } else {
            let (ours, peer) = ends.server().await;
            send(ours, peer).await
        };
        sent.last_read.unwrap();
        let got = sent.got;
        assert!(got == pattern(), "{} of {SENT} bytes, or others", got.len());
        assert_eq!(sent.end.reason, Reason::Finished, "{:?}", sent.end);
    }
}
