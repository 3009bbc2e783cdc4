//! The list of callers is replaced while one of them is there, or on its way in.

use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{PeerAlert, PeerPolicy, peer_alert};
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::*;

/// A caller that does not mind whom it has reached.
#[derive(Debug)]
pub(super) struct Trusting;

impl PeerPolicy for Trusting {
    fn check(&self, _peer: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

impl Pod {
    /// From now on its callers are of another namespace.
    fn lets_others_in(&self) {
        let others = allowing("spiffe://cluster.local/ns/other/sa/*");
        self.inbound.allowed.store(Arc::new(others));
    }

    /// What the caller on this connection is told when it is turned away.
    async fn turns_away(&self, tcp: TcpStream) -> Option<PeerAlert> {
        let route = self.route(port(&self.app));
        let identity = self.caller.identity.current().unwrap();
        let config = identity.client_config(Arc::new(Trusting), MinTls::Tls13);
        let name = ServerName::try_from(route.sni).unwrap();
        let connecting = TlsConnector::from(config.unwrap()).connect(name, tcp);
        // In TLS 1.3 the refusal comes where the first answer would be.
        let mut caller = connecting.await.unwrap();
        let error = timeout(PATIENCE, caller.read(&mut [0])).await.unwrap();
        peer_alert(&error.unwrap_err())
    }
}

#[tokio::test]
async fn a_list_that_changes_before_the_caller_is_known_holds_already() {
    let pod = pod(1).await;
    let tcp = TcpStream::connect(pod.address).await.unwrap();
    while pod.context.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    pod.lets_others_in();
    assert_eq!(pod.turns_away(tcp).await, Some(PeerAlert::NotAllowed));
}

#[tokio::test]
async fn a_caller_that_is_there_stays_when_it_may_call_no_more_and_cannot_come_again() {
    let pod = pod(1).await;
    let (caller, mut app) = pod.call().await;
    pod.lets_others_in();
    let again = TcpStream::connect(pod.address).await.unwrap();
    assert_eq!(pod.turns_away(again).await, Some(PeerAlert::NotAllowed));
    let mut own_app = pod.own_app(caller).await;
    app.write_all(b"an event").await.unwrap();
    let mut got = [0; 8];
    own_app.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"an event");
}
