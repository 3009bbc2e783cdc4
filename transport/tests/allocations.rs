//! A relay at work allocates nothing for what it carries: no buffer, record, pipe or message.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use eastwest_transport::relay::{Counts, Leg, Patience, TlsLeg, relay};
use eastwest_transport::tls::{accept, connect};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// Far more than fits into all buffers on the way.
const BULK: usize = 64 << 20;
/// What an app writes at once.
const WRITE: usize = 64 << 10;
const MESSAGES: usize = 2_000;
/// Buffers that a thread may still come to need when its connections first get into each other's way.
/// What is carried takes some ten thousand reads.
const BUFFERS: u64 = 8;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    (near.unwrap(), far.unwrap().0)
}

async fn tls_pair() -> (TlsLeg, TlsLeg) {
    let made = rcgen::generate_simple_self_signed(["peer".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let mut client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.enable_secret_extraction = true;
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key)
        .unwrap();
    server.enable_secret_extraction = true;
    let (mut near, mut far) = pair().await;
    let name = ServerName::try_from("peer").unwrap();
    let (client, server) = tokio::join!(
        connect(Arc::new(client), name, &mut near),
        accept(Arc::new(server), &mut far, Vec::new())
    );
    (
        TlsLeg::new(near, client.unwrap()),
        TlsLeg::new(far, server.unwrap()),
    )
}

fn carry(mut downstream: impl Leg + Send + 'static, mut upstream: impl Leg + Send + 'static) {
    tokio::spawn(async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        let patience = Patience::default();
        relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await
    });
}

/// Bulk to `to`, which reads slowly enough that the way there fills up again and again; then small
/// messages to and fro.
async fn talk(from: &mut TcpStream, to: &mut TcpStream, buffers: &mut [Vec<u8>; 2]) {
    let [out, into] = buffers;
    let writing = async {
        for _ in 0..BULK / WRITE {
            from.write_all(out).await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..BULK / WRITE {
            to.read_exact(into).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writing, reading);
    for _ in 0..MESSAGES {
        from.write_all(b"SELECT 1").await.unwrap();
        to.read_exact(&mut [0; 8]).await.unwrap();
        to.write_all(b"1").await.unwrap();
        from.read_exact(&mut [0; 1]).await.unwrap();
    }
}

/// Allocations while two ends talk that have talked before.
fn allocations(runtime: &Runtime, (mut app, mut server): (TcpStream, TcpStream)) -> u64 {
    let mut buffers = [vec![7; WRITE], vec![0; WRITE]];
    runtime.block_on(talk(&mut app, &mut server, &mut buffers));
    runtime.block_on(talk(&mut server, &mut app, &mut buffers));
    let entering = allocation_counter::measure(|| runtime.block_on(async {}));
    let talking = allocation_counter::measure(|| {
        runtime.block_on(async {
            talk(&mut app, &mut server, &mut buffers).await;
            talk(&mut server, &mut app, &mut buffers).await;
        });
    });
    talking.count_total - entering.count_total
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn what_passes_through_allocates_nothing() {
    let runtime = runtime();
    let ends = runtime.block_on(async {
        let ((app, downstream), (upstream, server)) = (pair().await, pair().await);
        carry(downstream, upstream);
        (app, server)
    });
    let made = allocations(&runtime, ends);
    assert!(made <= BUFFERS, "{made} allocations");
}

#[test]
fn what_is_sealed_and_opened_allocates_nothing() {
    let runtime = runtime();
    let ends = runtime.block_on(async {
        let ((app, downstream), (upstream, server)) = (pair().await, pair().await);
        let (client, far) = tls_pair().await;
        carry(downstream, client);
        carry(far, upstream);
        (app, server)
    });
    let made = allocations(&runtime, ends);
    assert!(made <= BUFFERS, "{made} allocations");
}
