//! That a crowd of handshakes leaves turns to everybody else.

use std::sync::{Arc, Mutex};

use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::duplex;

use super::meeting::{Pair, verdict};
use super::mint::Mint;
use crate::tls::{MinTls, ServerAlpn, accept, connect};

/// How many shake hands at once.
const CROWD: usize = 64;

/// What ran, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Handshake,
    Other,
}

#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<Ran>>>);

impl Log {
    fn note(&self, ran: Ran) {
        self.0.lock().unwrap().push(ran);
    }
}

/// Notes when a server has read a ClientHello, and is about to compute.
#[derive(Debug)]
struct Watched(Arc<dyn ResolvesServerCert>, Log);

impl ResolvesServerCert for Watched {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.1.note(Ran::Handshake);
        self.0.resolve(hello)
    }
}

#[tokio::test]
async fn whoever_relays_has_a_turn_after_each_handshake_of_a_crowd() {
    let pair = Pair::of(&Mint::root("root"));
    let log = Log::default();
    let mut server = pair
        .server
        .server_config(
            verdict(&pair.server_allows),
            MinTls::Tls13,
            ServerAlpn::Istio,
        )
        .unwrap();
    let watched = Arc::get_mut(&mut server).unwrap();
    watched.cert_resolver = Arc::new(Watched(watched.cert_resolver.clone(), log.clone()));
    let client = pair
        .client
        .client_config(verdict(&pair.client_allows), MinTls::Tls13)
        .unwrap();

    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        // All of a hello is there before its server runs.
        let (mut near, mut far) = duplex(64 * 1024);
        let (client, server) = (client.clone(), server.clone());
        let dialled = tokio::spawn(async move {
            let name = ServerName::try_from("peer").unwrap();
            connect(client, name, &mut near).await.map(|_| near)
        });
        crowd.push((
            dialled,
            tokio::spawn(async move { accept(server, &mut far, Vec::new()).await }),
        ));
    }
    let other = tokio::spawn({
        let log = log.clone();
        async move {
            loop {
                log.note(Ran::Other);
                tokio::task::yield_now().await;
            }
        }
    });
    for (dialled, accepted) in crowd {
        dialled.await.unwrap().unwrap();
        accepted.await.unwrap().unwrap();
    }
    other.abort();

    let log = log.0.lock().unwrap();
    let handshakes = log.iter().filter(|ran| **ran == Ran::Handshake).count();
    assert_eq!(handshakes, CROWD);
    let in_a_row = log
        .chunk_by(|one, next| one == next)
        .filter(|run| run.first() == Some(&Ran::Handshake))
        .map(<[Ran]>::len);
    assert_eq!(in_a_row.max(), Some(1));
}
