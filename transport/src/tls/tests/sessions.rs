//! That each connection is judged anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::HandshakeKind;

use super::meeting::{Allow, CLIENT, Meeting, Pair, SERVER, meet, verdict};
use super::mint::Mint;
use crate::spiffe::SpiffeId;
use crate::tls::{MinTls, PeerPolicy, ServerAlpn, Verdict};

/// A policy that counts, and can be turned round.
#[derive(Debug, Default)]
struct Gate {
    closed: AtomicBool,
    asked: AtomicUsize,
}

impl PeerPolicy for Gate {
    fn check(&self, _peer: &SpiffeId) -> Result<(), String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.closed.load(Ordering::SeqCst) {
            return Err("the gate is closed".to_owned());
        }
        Ok(())
    }
}

/// Three connections with the very same configurations; the gate closes before the third.
async fn three_connections(min: MinTls, eager_client: bool) -> (Vec<Meeting>, usize) {
    let mint = Mint::root("root");
    let gate = Arc::new(Gate::default());
    let policy: Arc<dyn PeerPolicy> = gate.clone();
    let server = mint
        .identity(SERVER)
        .server_config(policy, min, ServerAlpn::Istio)
        .unwrap();
    let client_verdict = verdict(&Allow::Anyone);
    let mut client = mint
        .identity(CLIENT)
        .client_config(client_verdict.clone(), min)
        .unwrap();
    if eager_client {
        // A client that would resume if it could: the server alone must prevent it.
        let eager = Arc::get_mut(&mut client).unwrap();
        eager.resumption = rustls::client::Resumption::in_memory_sessions(8);
    }
    let mut meetings = Vec::new();
    for round in 0..3 {
        gate.closed.store(round == 2, Ordering::SeqCst);
        let server_verdict = Verdict::new(Arc::new(Allow::Anyone));
        let ends = (
            (client.clone(), &*client_verdict),
            (server.clone(), &*server_verdict),
        );
        meetings.push(meet(ends.0, ends.1).await);
    }
    (meetings, gate.asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn no_session_outlives_the_check_even_if_the_client_would_resume() {
    for (min, eager) in [
        (MinTls::Tls13, false),
        (MinTls::Tls13, true),
        (MinTls::Tls12, false),
        (MinTls::Tls12, true),
    ] {
        let (meetings, asked) = three_connections(min, eager).await;
        assert_eq!(asked, 3);
        for meeting in &meetings[..2] {
            let client = meeting.client.as_ref().unwrap().get_ref().1;
            let kind = client.handshake_kind();
            assert_eq!(kind, Some(HandshakeKind::Full), "{min:?}");
        }
        assert!(meetings[2].server.is_err());
        assert!(meetings[2].client.is_err());
    }
}

#[tokio::test]
async fn the_verdict_names_the_peer_without_reading_its_certificate_again() {
    let mint = Mint::root("root");
    let pair = Pair::of(&mint);
    let (client, server) = (verdict(&pair.client_allows), verdict(&pair.server_allows));
    let ends = (
        pair.client
            .client_config(client.clone(), MinTls::Tls13)
            .unwrap(),
        pair.server
            .server_config(server.clone(), MinTls::Tls13, ServerAlpn::Istio)
            .unwrap(),
    );
    meet((ends.0, &client), (ends.1, &server)).await.ids();
    assert_eq!(client.peer().unwrap().as_str(), SERVER);
    assert_eq!(server.peer().unwrap().as_str(), CLIENT);
    assert!(client.refusal().is_none());
}
