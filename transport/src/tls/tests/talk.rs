//! A few words between our two ends, where both know what they are for.

use rustls::pki_types::ServerName;
use tokio::io::{DuplexStream, duplex};

use super::meeting::{Allow, CLIENT, SERVER, verdict};
use super::mint::Mint;
use crate::tls::{MinTls, Secured, ServerAlpn, Talk, accept, connect};

/// Both ends of a handshake in which the client offers to do without an app.
async fn met(answer: ServerAlpn) -> [(DuplexStream, Secured); 2] {
    let mint = Mint::root("root");
    let anyone = || verdict(&Allow::Anyone);
    let dial = mint
        .identity(CLIENT)
        .doctor_config(anyone(), MinTls::Tls13)
        .unwrap();
    let listen = mint
        .identity(SERVER)
        .server_config(anyone(), MinTls::Tls13, answer)
        .unwrap();
    let (mut near, mut far) = duplex(1 << 16);
    let name = ServerName::try_from("peer").unwrap();
    let (client, server) = tokio::join!(
        connect(dial, name, &mut near),
        accept(listen, &mut far, Vec::new())
    );
    [(near, client.unwrap()), (far, server.unwrap())]
}

#[tokio::test]
async fn both_ends_know_whether_an_app_is_meant() {
    for (answer, is) in [(ServerAlpn::Doctor, true), (ServerAlpn::Istio, false)] {
        for (_, secured) in met(answer).await {
            assert_eq!(secured.is_for_doctor(), is, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_said_is_heard_whole_and_to_its_end() {
    let [client, server] = met(ServerAlpn::Doctor).await;
    let [mut asks, mut tells] = [client, server].map(|(io, secured)| Talk::new(io, secured));
    asks.say(b"how is it?").await.unwrap();
    assert_eq!(tells.hear().await.unwrap(), b"how is it?");
    // Several records, and more than fits between the two.
    let long: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let telling = async {
        tells.say(&long).await.unwrap();
        tells.end().await.unwrap();
    };
    let ((), heard) = tokio::join!(telling, asks.hear_all(usize::MAX));
    assert!(heard.unwrap() == long);
}

#[tokio::test]
async fn an_end_that_is_not_said_is_an_error() {
    let [client, server] = met(ServerAlpn::Doctor).await;
    let mut asks = Talk::new(client.0, client.1);
    drop(server);
    let error = asks.hear().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}
