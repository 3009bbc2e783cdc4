//! Who waits for a turn behind whom, and at whose cost.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;

use super::meeting::{Pair, verdict};
use super::mint::Mint;
use crate::admission::Clock;
use crate::tls::{MinTls, ServerAlpn, accept, accept_timed};

/// Who has been read a ClientHello of, in order. What a server computes takes `cost`.
#[derive(Debug)]
struct Line {
    certificate: Arc<dyn ResolvesServerCert>,
    read: Arc<Mutex<Vec<String>>>,
    cost: Duration,
}

impl ResolvesServerCert for Line {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or_default().to_owned();
        self.read.lock().unwrap().push(name);
        thread::sleep(self.cost);
        self.certificate.resolve(hello)
    }
}

/// A server, and who it has read a ClientHello of.
fn server(pair: &Pair, cost: Duration) -> (Arc<ServerConfig>, Arc<Mutex<Vec<String>>>) {
    let allows = verdict(&pair.server_allows);
    let (tls, alpn) = (MinTls::Tls13, ServerAlpn::Istio);
    let mut server = pair.server.server_config(allows, tls, alpn).unwrap();
    let read = Arc::default();
    let config = Arc::get_mut(&mut server).unwrap();
    config.cert_resolver = Arc::new(Line {
        certificate: config.cert_resolver.clone(),
        read: Arc::clone(&read),
        cost,
    });
    (server, read)
}

/// A client of rustls' own whose first key share the server knows, or not.
fn stranger(name: &str, known: bool) -> ClientConnection {
    let mut groups = vec![kx_group::MLKEM768, kx_group::X25519];
    if known {
        groups.reverse();
    }
    let provider = CryptoProvider {
        kx_groups: groups,
        ..aws_lc_rs::default_provider()
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

fn says(client: &mut ClientConnection) -> Vec<u8> {
    let mut said = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut said).unwrap();
    }
    said
}

/// Answers a HelloRetryRequest.
async fn hello_again(mut client: ClientConnection, near: &mut DuplexStream) {
    let mut heard = vec![0; 1024];
    let length = near.read(&mut heard).await.unwrap();
    client.read_tls(&mut &heard[..length]).unwrap();
    client.process_new_packets().unwrap();
    near.write_all(&says(&mut client)).await.unwrap();
}

/// A hello that asks for a HelloRetryRequest proves as little as any.
#[tokio::test]
async fn who_is_asked_for_another_hello_waits_behind_the_strangers_before_him() {
    const CROWD: usize = 32;
    let pair = Pair::of(&Mint::root("root"));
    let (server, read) = server(&pair, Duration::ZERO);
    let mut ends = Vec::new();
    let mut serve = |hello: Vec<u8>| {
        let (near, mut far) = duplex(64 * 1024);
        let server = server.clone();
        let serving = tokio::spawn(async move { accept(server, &mut far, hello).await.map(drop) });
        ends.push(serving);
        near
    };
    let mut retried = stranger("retried", false);
    let mut near = serve(says(&mut retried));
    let _crowd: Vec<_> = (0..CROWD)
        .map(|_| serve(says(&mut stranger("crowd", true))))
        .collect();
    hello_again(retried, &mut near).await;
    while read.lock().unwrap().len() < CROWD + 2 {
        tokio::task::yield_now().await;
    }
    let read = read.lock().unwrap();
    let of_it = |at: &usize| read[*at] == "retried";
    let places: Vec<_> = (0..read.len()).filter(of_it).collect();
    assert_eq!(places, [0, CROWD + 1]);
    for end in ends {
        end.abort();
    }
}

/// The line is far longer than the time that a client has, and nobody is late.
#[tokio::test]
async fn a_client_loses_no_time_while_others_have_their_turns() {
    const CROWD: u32 = 50;
    const COST: Duration = Duration::from_millis(20);
    const LIMIT: Duration = Duration::from_millis(400);
    let pair = Pair::of(&Mint::root("root"));
    let (server, _read) = server(&pair, COST);
    let allows = verdict(&pair.client_allows);
    let client = pair.client.client_config(allows, MinTls::Tls13).unwrap();
    let begun = Instant::now();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let (near, mut far) = duplex(64 * 1024);
        let (client, server) = (client.clone(), server.clone());
        // One that waits for no turn of its own.
        let dialled = tokio::spawn(async move {
            let name = ServerName::try_from("peer").unwrap();
            TlsConnector::from(client).connect(name, near).await
        });
        let accepted = tokio::spawn(async move {
            // As the servers do: the hello is read before.
            let mut hello = vec![0; 5];
            far.read_exact(&mut hello).await.unwrap();
            let clock = Clock::default();
            let accepting = accept_timed(server, &mut far, hello, &clock);
            clock.within(LIMIT, accepting).await
        });
        crowd.push((dialled, accepted));
    }
    for (dialled, accepted) in crowd {
        dialled.await.unwrap().unwrap();
        accepted.await.unwrap().expect("late").unwrap();
    }
    assert!(begun.elapsed() > 2 * LIMIT);
}
