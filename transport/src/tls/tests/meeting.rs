//! Two ends that meet over a connection in memory, through tokio-rustls as in the servers.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::mint::Mint;
use crate::spiffe::SpiffeId;
use crate::tls::{
    HandshakeError, Identity, MinTls, PeerPolicy, ServerAlpn, Side, Verdict, peer_alert, peer_id,
};

pub(in crate::tls) const CLIENT: &str = "spiffe://cluster.local/ns/pxc/sa/replica";
pub(in crate::tls) const SERVER: &str = "spiffe://cluster.local/ns/pxc/sa/source";
const SNI: &str = "outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local";

/// Lets in the one, or everybody, or everybody with a DNS name.
#[derive(Debug, Clone)]
pub(in crate::tls) enum Allow {
    Anyone,
    Only(&'static str),
    Named(&'static str),
}

impl PeerPolicy for Allow {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        match self {
            Self::Anyone | Self::Named(_) => Ok(()),
            Self::Only(id) if *id == peer.as_str() => Ok(()),
            Self::Only(id) => Err(format!("expected {id}")),
        }
    }

    fn dns_name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

/// What came of a meeting, at each end.
pub(in crate::tls) struct Meeting {
    pub(in crate::tls) client: Result<client::TlsStream<tokio::io::DuplexStream>, HandshakeError>,
    pub(in crate::tls) server: Result<server::TlsStream<tokio::io::DuplexStream>, HandshakeError>,
}

impl Meeting {
    /// What the client says of why it failed.
    pub(in crate::tls) fn client_error(&self) -> String {
        self.client
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// What the server says of why it failed.
    pub(in crate::tls) fn server_error(&self) -> String {
        self.server
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The ID that each end has of the other: the client's first.
    pub(in crate::tls) fn ids(&self) -> (SpiffeId, SpiffeId) {
        let client = self
            .server
            .as_ref()
            .unwrap()
            .get_ref()
            .1
            .peer_certificates();
        let server = self
            .client
            .as_ref()
            .unwrap()
            .get_ref()
            .1
            .peer_certificates();
        (peer_id(client).unwrap(), peer_id(server).unwrap())
    }
}

/// A client and a server of one CA, and what each demands.
pub(in crate::tls) struct Pair {
    pub(in crate::tls) client: Identity,
    pub(in crate::tls) server: Identity,
    pub(in crate::tls) client_allows: Allow,
    pub(in crate::tls) server_allows: Allow,
    pub(in crate::tls) client_min: MinTls,
    pub(in crate::tls) server_min: MinTls,
    pub(in crate::tls) alpn: ServerAlpn,
}

impl Pair {
    pub(in crate::tls) fn of(mint: &Mint) -> Self {
        Self::new(mint.identity(CLIENT), mint.identity(SERVER))
    }

    pub(in crate::tls) fn new(client: Identity, server: Identity) -> Self {
        Self {
            client,
            server,
            client_allows: Allow::Only(SERVER),
            server_allows: Allow::Only(CLIENT),
            client_min: MinTls::Tls13,
            server_min: MinTls::Tls13,
            alpn: ServerAlpn::Istio,
        }
    }

    pub(in crate::tls) async fn meet(&self) -> Meeting {
        let (client, server) = (verdict(&self.client_allows), verdict(&self.server_allows));
        meet(
            (
                self.client
                    .client_config(client.clone(), self.client_min)
                    .unwrap(),
                &client,
            ),
            (
                self.server
                    .server_config(server.clone(), self.server_min, self.alpn)
                    .unwrap(),
                &server,
            ),
        )
        .await
    }
}

pub(in crate::tls) fn verdict(allow: &Allow) -> Arc<Verdict> {
    Verdict::new(Arc::new(allow.clone()))
}

/// Handshakes, then one byte from the server: in TLS 1.3 a client is done before the server has seen
/// its certificate, and learns of a refusal only when it reads.
pub(in crate::tls) async fn meet(
    (client, client_verdict): (Arc<ClientConfig>, &Verdict),
    (server, server_verdict): (Arc<ServerConfig>, &Verdict),
) -> Meeting {
    let (near, far) = duplex(64 * 1024);
    let dial = async {
        let name = ServerName::try_from(SNI).unwrap();
        let mut stream = TlsConnector::from(client).connect(name, near).await?;
        let mut greeting = [0];
        stream.read_exact(&mut greeting).await?;
        io::Result::Ok(stream)
    };
    let listen = async {
        let mut stream = TlsAcceptor::from(server).accept(far).await?;
        stream.write_all(b"x").await?;
        stream.flush().await?;
        io::Result::Ok(stream)
    };
    let (client, server) = tokio::join!(dial, listen);
    if let Err(error) = &client
        && peer_alert(error).is_some()
    {
        assert!(server.is_err(), "an alert that nobody sent");
    }
    Meeting {
        client: client.map_err(|error| HandshakeError::new(error, Side::Client, client_verdict)),
        server: server.map_err(|error| HandshakeError::new(error, Side::Server, server_verdict)),
    }
}
