//! What a connection is called at its two ends.

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{NamedGroup, SupportedProtocolVersion, version::TLS13};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::meeting::{Pair, verdict};
use super::mint::Mint;
use crate::client_hello::{self, ConnectionId};
use crate::tls::{MinTls, ServerAlpn, accept, connect_noting};

const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13];

#[tokio::test]
async fn both_ends_call_it_the_same() {
    let pair = Pair::of(&Mint::root("root"));
    let allows = [verdict(&pair.client_allows), verdict(&pair.server_allows)];
    let [client_allows, server_allows] = allows;
    let client = pair
        .client
        .client_config(client_allows, MinTls::Tls13)
        .unwrap();
    let server = pair
        .server
        .server_config(server_allows, MinTls::Tls13, ServerAlpn::Istio)
        .unwrap();
    let (mut near, mut far) = duplex(64 * 1024);
    let mut noted = None;
    let name = ServerName::try_from("peer").unwrap();
    let dialling = connect_noting(client, name, &mut near, &mut noted);
    let accepting = async {
        let mut read = Vec::new();
        client_hello::read(&mut far, &mut read).await.unwrap();
        let id = ConnectionId::of(&read);
        accept(server, &mut far, read).await.map(|_| id)
    };
    let (dialled, seen) = tokio::join!(dialling, accepting);
    dialled.unwrap();
    let noted = noted.and_then(|hello| hello.id);
    assert!(noted.is_some());
    assert_eq!(noted, seen.unwrap());
}

#[tokio::test]
async fn it_is_known_where_the_handshake_comes_to_nothing() {
    let pair = Pair::of(&Mint::root("root"));
    let allows = verdict(&pair.client_allows);
    let config = pair.client.client_config(allows, MinTls::Tls13).unwrap();
    let (mut near, mut far) = duplex(64 * 1024);
    let mut noted = None;
    let name = ServerName::try_from("peer").unwrap();
    let hangs_up = async move {
        let mut read = Vec::new();
        client_hello::read(&mut far, &mut read).await.unwrap();
        ConnectionId::of(&read)
    };
    let (dialled, seen) = tokio::join!(
        connect_noting(config, name, &mut near, &mut noted),
        hangs_up
    );
    assert!(dialled.is_err());
    let noted = noted.and_then(|hello| hello.id);
    assert!(noted.is_some());
    assert_eq!(noted, seen);
}

/// RFC 8446, section 4.1.2.
#[tokio::test]
async fn the_hello_that_a_retry_asks_for_has_the_same_name() {
    let pair = Pair::of(&Mint::root("root"));
    let allows = verdict(&pair.client_allows);
    let config = pair.client.client_config(allows, MinTls::Tls13).unwrap();
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // Not the one that the client sends a share for, and one that it knows.
    provider
        .kx_groups
        .retain(|group| group.name() == NamedGroup::secp384r1);
    let made = rcgen::generate_simple_self_signed(["peer".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let server = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key)
        .unwrap();
    let (mut near, mut far) = duplex(64 * 1024);
    let mut noted = None;
    let name = ServerName::try_from("peer").unwrap();
    let retrying = async move {
        let mut server = rustls::ServerConnection::new(Arc::new(server)).unwrap();
        let mut first = Vec::new();
        client_hello::read(&mut far, &mut first).await.unwrap();
        server.read_tls(&mut first.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut retry = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut retry).unwrap();
        }
        far.write_all(&retry).await.unwrap();
        // change_cipher_spec, where the client sends one, comes before the second hello.
        let mut second = vec![0; 16 * 1024];
        let length = far.read(&mut second).await.unwrap();
        second.truncate(length);
        if second.first() == Some(&20) {
            second.drain(..6);
        }
        (first, second)
    };
    let (dialled, (first, second)) = tokio::join!(
        connect_noting(config, name, &mut near, &mut noted),
        retrying
    );
    assert!(dialled.is_err());
    let noted = noted.and_then(|hello| hello.id);
    assert_ne!(first, second);
    assert!(noted.is_some());
    assert_eq!(ConnectionId::of(&first), noted);
    assert_eq!(ConnectionId::of(&second), noted);
}
