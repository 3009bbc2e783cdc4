//! What happens when the key of a connection has sealed as many records as it is good for.

use rustls::crypto::CipherSuiteCommon;
use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
};
use rustls::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{client, server};
use tokio_util::sync::CancellationToken;

use super::wire::{tcp, tls};
use crate::reason::Reason;
use crate::relay::{Counts, End, HALF_CLOSE_IDLE, TlsLeg, relay};

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
async fn send(leg: TlsLeg, mut peer: impl tokio::io::AsyncRead + Unpin) -> Sent {
    let (mut app, mut downstream) = tcp().await;
    let mut upstream = leg;
    let carrying = async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        relay(
            &mut downstream,
            &mut upstream,
            &counts,
            HALF_CLOSE_IDLE,
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
        (got, last_read)
    };
    let (end, _app, (got, last_read)) = tokio::join!(carrying, writing, reading);
    Sent {
        end,
        got,
        last_read,
    }
}

async fn old() -> (client::TlsStream<TcpStream>, server::TlsStream<TcpStream>) {
    tls(
        limited(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        tcp().await,
    )
    .await
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
    let (client, server) = old().await;
    is_reset_with_the_reason(&send(client.into(), server).await);
}

#[tokio::test]
async fn a_tls_1_2_server_whose_key_is_used_up_resets_instead_of_losing_bytes() {
    let (client, server) = old().await;
    is_reset_with_the_reason(&send(server.into(), client).await);
}

#[tokio::test]
async fn small_records_are_counted_one_by_one() {
    let (client, mut server) = old().await;
    let mut leg = TlsLeg::from(client);
    let mut sent = 0;
    let mut refused = None;
    while sent < LIMIT && refused.is_none() {
        match leg.write_all(b"x").await {
            Ok(()) => sent += 1,
            Err(error) => refused = Some(error),
        }
    }
    let error = refused.unwrap();
    assert!(error.to_string().contains("used up"), "{error}");
    assert!((LIMIT / 2..LIMIT).contains(&sent), "{sent} records");
    let mut got = vec![0; usize::try_from(sent).unwrap()];
    server.read_exact(&mut got).await.unwrap();
}

#[tokio::test]
async fn tls_1_3_changes_its_keys_and_loses_nothing() {
    let suite = limited(TLS13_AES_128_GCM_SHA256);
    let (client, server) = tls(suite, tcp().await).await;
    let (relayed, mut peer) = (TlsLeg::from(client), TlsLeg::from(server));
    let (mut app, mut downstream) = tcp().await;
    let carrying = tokio::spawn(async move {
        let mut upstream = relayed;
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        let half_close = HALF_CLOSE_IDLE;
        relay(&mut downstream, &mut upstream, &counts, half_close, &stop).await
    });
    let writing = async {
        app.write_all(&pattern()).await.unwrap();
        app.shutdown().await.unwrap();
        app.read_to_end(&mut Vec::new()).await.unwrap();
    };
    let reading = async {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).await.unwrap();
        peer.shutdown().await.unwrap();
        got
    };
    let ((), got) = tokio::join!(writing, reading);
    assert!(got == pattern(), "{} of {SENT} bytes, or others", got.len());
    assert_eq!(carrying.await.unwrap().reason, Reason::Finished);
}
