//! Peers that speak nothing newer than TLS 1.2, like an Envoy that is capped at it.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::sign::SingleCertAndKey;
use rustls::version::TLS12;
use rustls::{ClientConfig, ServerConfig};

use super::meeting::{Meeting, Pair, meet, verdict};
use super::mint::Mint;
use crate::tls::crypto::provider;
use crate::tls::verify::PeerVerifier;
use crate::tls::{HandshakeError, Identity, MinTls, PeerAlert};

fn certificate(identity: &Identity) -> Arc<SingleCertAndKey> {
    Arc::new(SingleCertAndKey::from(Arc::clone(&identity.key)))
}

/// The pair's server, and a client in the place of the pair's that speaks only TLS 1.2.
pub(super) async fn with_old_client(pair: &Pair) -> Meeting {
    let (client, server) = (verdict(&pair.client_allows), verdict(&pair.server_allows));
    let verifier = PeerVerifier::new(Arc::clone(&pair.client.roots), client.clone());
    let old = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(certificate(&pair.client) as Arc<dyn ResolvesClientCert>);
    let config = pair
        .server
        .server_config(server.clone(), pair.server_min, pair.alpn)
        .unwrap();
    meet((Arc::new(old), &client), (config, &server)).await
}

/// The pair's client, and a server in the place of the pair's that speaks only TLS 1.2.
async fn with_old_server(pair: &Pair) -> Meeting {
    let (client, server) = (verdict(&pair.client_allows), verdict(&pair.server_allows));
    let verifier = PeerVerifier::new(Arc::clone(&pair.server.roots), server.clone());
    let old = ServerConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(certificate(&pair.server));
    let config = pair
        .client
        .client_config(client.clone(), pair.client_min)
        .unwrap();
    meet((config, &client), (Arc::new(old), &server)).await
}

#[tokio::test]
async fn an_old_client_is_refused_by_default_and_told_why() {
    let meeting = with_old_client(&Pair::of(&Mint::root("root"))).await;
    assert!(
        matches!(
            meeting.client,
            Err(HandshakeError::RefusedByPeer(PeerAlert::TlsVersion))
        ),
        "{}",
        meeting.client_error()
    );
    assert!(
        matches!(meeting.server, Err(HandshakeError::Tls(_))),
        "{}",
        meeting.server_error()
    );
    let message = meeting.server_error();
    assert!(message.contains("--tls-min 1.2"), "{message}");
}

#[tokio::test]
async fn an_old_server_is_refused_by_default_and_the_message_says_what_to_do() {
    let meeting = with_old_server(&Pair::of(&Mint::root("root"))).await;
    let message = meeting.client_error();
    assert!(message.contains("allow TLS 1.2"), "{message}");
}

#[tokio::test]
async fn an_old_server_is_served_where_tls_1_2_is_allowed() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.client_min = MinTls::Tls12;
    with_old_server(&pair).await.ids();
}
