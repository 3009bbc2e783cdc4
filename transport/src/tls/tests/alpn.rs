//! Which protocol is negotiated with the kinds of peers that Istio has.

use std::sync::Arc;

use super::meeting::{CLIENT, Meeting, Pair, SERVER, meet, verdict};
use super::mint::Mint;
use crate::tls::{ALPN_ISTIO, MinTls, ServerAlpn};

/// Our server's answer to a client that offers `protocols`.
async fn offer(protocols: &[&str], answer: ServerAlpn) -> Meeting {
    let mint = Mint::root("root");
    let pair = Pair::of(&mint);
    let (client, server) = (verdict(&pair.client_allows), verdict(&pair.server_allows));
    let mut dial = mint
        .identity(CLIENT)
        .client_config(client.clone(), MinTls::Tls13)
        .unwrap();
    let offered = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Arc::get_mut(&mut dial).unwrap().alpn_protocols = offered;
    let identity = mint.identity(SERVER);
    let listen = identity
        .server_config(server.clone(), MinTls::Tls13, answer)
        .unwrap();
    meet((dial, &client), (listen, &server)).await
}

fn negotiated(meeting: &Meeting) -> (Option<&[u8]>, Option<&[u8]>) {
    let client = meeting.client.as_ref().unwrap().get_ref().1;
    let server = meeting.server.as_ref().unwrap().get_ref().1;
    (client.alpn_protocol(), server.alpn_protocol())
}

#[tokio::test]
async fn our_client_offers_istio_alone() {
    let config = Mint::root("root")
        .identity(CLIENT)
        .client_config(verdict(&super::meeting::Allow::Anyone), MinTls::Tls13)
        .unwrap();
    assert_eq!(config.alpn_protocols, [b"istio"]);
}

#[tokio::test]
async fn istio_is_chosen_where_it_is_offered() {
    let meeting = offer(&["istio"], ServerAlpn::answering(true)).await;
    assert_eq!(negotiated(&meeting), (Some(ALPN_ISTIO), Some(ALPN_ISTIO)));
}

#[tokio::test]
async fn peer_exchange_is_never_chosen_even_where_it_is_preferred() {
    let meeting = offer(
        &["istio-peer-exchange", "istio"],
        ServerAlpn::answering(true),
    )
    .await;
    assert_eq!(negotiated(&meeting), (Some(ALPN_ISTIO), Some(ALPN_ISTIO)));
}

#[tokio::test]
async fn a_client_that_offers_only_other_protocols_goes_on_without() {
    let meeting = offer(&["istio-peer-exchange", "h2"], ServerAlpn::answering(false)).await;
    assert_eq!(negotiated(&meeting), (None, None));
}

#[tokio::test]
async fn a_client_without_protocols_goes_on_without() {
    for answer in [ServerAlpn::Istio, ServerAlpn::Silent] {
        let meeting = offer(&[], answer).await;
        assert_eq!(negotiated(&meeting), (None, None));
    }
}

#[tokio::test]
async fn our_client_goes_on_with_a_server_that_chooses_nothing() {
    let mut pair = Pair::of(&Mint::root("root"));
    pair.alpn = ServerAlpn::Silent;
    assert_eq!(negotiated(&pair.meet().await), (None, None));
}
