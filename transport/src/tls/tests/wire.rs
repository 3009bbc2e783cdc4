//! TLS over TCP as the servers have it, with an identity at each end.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig, SupportedCipherSuite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::Mint;
use crate::relay::TlsLeg;
use crate::tls::crypto::provider;
use crate::tls::verify::PeerVerifier;
use crate::tls::{accept, connect};

/// Two ends of a TCP connection on loopback: the one that dialled first.
pub(in crate::tls) async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// The same with the smallest send buffers that the kernel lets a socket have, so that no record fits
/// into one, and TLS again and again holds back what it could not send.
pub(in crate::tls) async fn narrow_tcp() -> (TcpStream, TcpStream) {
    let narrow = || {
        let socket = TcpSocket::new_v4().unwrap();
        // Raised by the kernel to its minimum.
        socket.set_send_buffer_size(1).unwrap();
        // Less than a record too. At its minimum the window can stay below the segment size, and
        // the kernel sends a few hundred bytes at each tick of a timer.
        socket.set_recv_buffer_size(6 * 1024).unwrap();
        socket
    };
    let listening = narrow();
    listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // What is accepted has the buffers of the listener.
    let listener = listening.listen(1).unwrap();
    let near = narrow().connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// Client and server with no other cipher suite than `suite`, which decides the version.
pub(in crate::tls) fn configs(
    suite: SupportedCipherSuite,
) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let only = Arc::new(CryptoProvider {
        cipher_suites: vec![suite],
        ..CryptoProvider::clone(provider())
    });
    let mint = Mint::root("root");
    let (client, server) = (mint.identity(CLIENT), mint.identity(SERVER));
    let verifier = PeerVerifier::new(Arc::clone(&client.roots), verdict(&Allow::Anyone));
    let mut client = ClientConfig::builder_with_provider(Arc::clone(&only))
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    client.enable_secret_extraction = true;
    let mut server = ServerConfig::builder_with_provider(only)
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .with_client_cert_verifier(WebPkiClientVerifier::no_client_auth())
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(server.key)));
    server.enable_secret_extraction = true;
    (Arc::new(client), Arc::new(server))
}

/// Both ends of a connection whose handshake is to be made.
pub(in crate::tls) struct Ends {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    near: TcpStream,
    far: TcpStream,
}

/// Both ends of `tcp`, with [`configs`] of that suite.
pub(in crate::tls) fn ends(
    suite: SupportedCipherSuite,
    (near, far): (TcpStream, TcpStream),
) -> Ends {
    let (client, server) = configs(suite);
    Ends {
        client,
        server,
        near,
        far,
    }
}

impl Ends {
    fn name() -> ServerName<'static> {
        ServerName::try_from("peer").unwrap()
    }

    async fn our_client(config: Arc<ClientConfig>, mut tcp: TcpStream) -> TlsLeg {
        let secured = connect(config, Self::name(), &mut tcp).await.unwrap();
        TlsLeg::new(tcp, secured)
    }

    async fn our_server(config: Arc<ServerConfig>, mut tcp: TcpStream) -> TlsLeg {
        let secured = accept(config, &mut tcp, Vec::new()).await.unwrap();
        TlsLeg::new(tcp, secured)
    }

    /// Both ends ours.
    pub(in crate::tls) async fn ours(self) -> (TlsLeg, TlsLeg) {
        tokio::join!(
            Self::our_client(self.client, self.near),
            Self::our_server(self.server, self.far),
        )
    }

    /// Our client, and a server of rustls.
    pub(in crate::tls) async fn client(self) -> (TlsLeg, server::TlsStream<TcpStream>) {
        let acceptor = TlsAcceptor::from(self.server);
        let (client, server) = tokio::join!(
            Self::our_client(self.client, self.near),
            acceptor.accept(self.far)
        );
        (client, server.unwrap())
    }

    /// Our server, and a client of rustls.
    pub(in crate::tls) async fn server(self) -> (TlsLeg, client::TlsStream<TcpStream>) {
        let connector = TlsConnector::from(self.client);
        let (server, client) = tokio::join!(
            Self::our_server(self.server, self.far),
            connector.connect(Self::name(), self.near)
        );
        (server, client.unwrap())
    }
}
