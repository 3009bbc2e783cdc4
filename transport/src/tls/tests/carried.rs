//! What two relays carry with TLS between them, as the shims of two clusters do.

use std::time::Duration;

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::wire::{configs, ends, narrow_tcp, tcp};
use crate::reason::Reason;
use crate::relay::{Counts, End, Frame, Leg, Patience, TlsLeg, relay};
use crate::tls::crypto::sha256;
use crate::tls::record::MOST_PLAINTEXT;
use crate::tls::{accept, connect};

/// Enough for anything that does happen.
const PATIENCE: Duration = Duration::from_secs(120);
/// What each end sends; no multiple of a record, a buffer or a piece.
const SENT: usize = (3 << 20) + 4321;

fn carry(
    mut downstream: impl Leg + Send + 'static,
    mut upstream: impl Leg + Send + 'static,
) -> JoinHandle<End> {
    tokio::spawn(async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        relay(
            &mut downstream,
            &mut upstream,
            &counts,
            &Patience::default(),
            &stop,
        )
        .await
    })
}

/// Bytes that never repeat at a distance at which they could be confused.
fn bytes(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        // Xorshift (Marsaglia): any sequence would do that is not periodic in a buffer's length.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    std::iter::repeat_with(next).take(SENT).collect()
}

/// Sends all of `ours`, has to get `theirs` without an end in sight, and only then says that it is
/// done. What a relay holds back until more comes is never seen.
async fn talk(end: TcpStream, ours: Vec<u8>, theirs: Vec<u8>) {
    let (mut reader, mut writer) = end.into_split();
    let writing = tokio::spawn(async move {
        for piece in ours.chunks(777) {
            writer.write_all(piece).await.unwrap();
        }
        writer
    });
    let mut got = vec![0; theirs.len()];
    reader.read_exact(&mut got).await.unwrap();
    assert_eq!(sha256(&[&got]), sha256(&[&theirs]));
    writing.await.unwrap().shutdown().await.unwrap();
    assert_eq!(reader.read(&mut [0]).await.unwrap(), 0);
}

async fn both_ways(suite: SupportedCipherSuite) {
    let (client, server) = ends(suite, narrow_tcp().await).ours().await;
    let (near_app, downstream) = tcp().await;
    let (upstream, far_app) = tcp().await;
    let near = carry(downstream, client);
    let far = carry(server, upstream);
    let (up, down) = (bytes(1), bytes(2));
    let talking = async {
        tokio::join!(
            talk(near_app, up.clone(), down.clone()),
            talk(far_app, down.clone(), up.clone()),
        )
    };
    timeout(PATIENCE, talking)
        .await
        .expect("bytes are held back");
    assert_eq!(near.await.unwrap().reason, Reason::Finished);
    assert_eq!(far.await.unwrap().reason, Reason::Finished);
}

#[tokio::test]
async fn tls_1_3_through_the_smallest_send_buffers_loses_and_holds_back_nothing() {
    both_ways(TLS13_AES_128_GCM_SHA256).await;
}

#[tokio::test]
async fn tls_1_2_through_the_smallest_send_buffers_loses_and_holds_back_nothing() {
    both_ways(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256).await;
}

/// What a peer sends at once behind its handshake may have been read with it.
#[tokio::test]
async fn what_came_with_the_handshake_is_carried_however_much_it_is() {
    for records in [1, 3, 40] {
        let (client, server) = configs(TLS13_AES_128_GCM_SHA256);
        let ((mut near, mut far), (upstream, mut app)) = (tcp().await, tcp().await);
        let name = rustls::pki_types::ServerName::try_from("peer").unwrap();
        let (client, server) = tokio::join!(
            connect(client, name, &mut near),
            accept(server, &mut far, Vec::new())
        );
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        let Frame { front, back } = client.session.frame();
        let sent = bytes(3);
        let sent = &sent[..records * MOST_PLAINTEXT];
        for piece in sent.chunks(MOST_PLAINTEXT) {
            let mut record = vec![0; front];
            record.extend_from_slice(piece);
            record.resize(record.len() + back, 0);
            client.session.seal(&mut record).unwrap();
            server.unread.extend(record);
        }
        carry(TlsLeg::new(far, server), upstream);
        let mut got = vec![0; sent.len()];
        let reading = timeout(PATIENCE, app.read_exact(&mut got));
        reading.await.expect("bytes are held back").unwrap();
        assert!(got == sent, "{records} records");
    }
}
