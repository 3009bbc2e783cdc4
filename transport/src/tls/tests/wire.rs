//! TLS over TCP as the servers have it, with an identity at each end.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig, SupportedCipherSuite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::Mint;
use crate::tls::crypto::provider;
use crate::tls::verify::PeerVerifier;

/// Two ends of a TCP connection on loopback: the one that dialled first.
pub(in crate::tls) async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// Client and server over `tcp`, with no other cipher suite than `suite`, which decides the version.
pub(in crate::tls) async fn tls(
    suite: SupportedCipherSuite,
    (near, far): (TcpStream, TcpStream),
) -> (client::TlsStream<TcpStream>, server::TlsStream<TcpStream>) {
    let only = Arc::new(CryptoProvider {
        cipher_suites: vec![suite],
        ..CryptoProvider::clone(provider())
    });
    let mint = Mint::root("root");
    let (client, server) = (mint.identity(CLIENT), mint.identity(SERVER));
    let verifier = PeerVerifier::new(Arc::clone(&client.roots), verdict(&Allow::Anyone));
    let client = ClientConfig::builder_with_provider(Arc::clone(&only))
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(only)
        .with_protocol_versions(&[suite.version()])
        .unwrap()
        .with_client_cert_verifier(WebPkiClientVerifier::no_client_auth())
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(server.key)));
    let name = ServerName::try_from("peer").unwrap();
    let client = TlsConnector::from(Arc::new(client)).connect(name, near);
    let (client, server) = tokio::join!(client, TlsAcceptor::from(Arc::new(server)).accept(far));
    (client.unwrap(), server.unwrap())
}
