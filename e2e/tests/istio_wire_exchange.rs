//! Istio's TCP metadata exchange is never negotiated by ours, and the app's bytes stay as they are.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{By, Caller, Mode, PAYLOAD, Place, Wire};

const CALLER: Caller = Caller::REPLICA;

/// The other peer is real enough: an Envoy without the filter negotiates with it, and its app gets
/// the frame as if the server had said it.
#[test]
fn our_client_does_not_negotiate_with_a_server_that_would() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    let place = Place::SOURCE_ENVOY;
    wire.start_exchange_server(&place).unwrap();
    wire.start_gateway(By::Ours).unwrap();
    for by in [By::Ours, By::Envoy] {
        wire.start_client(&CALLER, by, &[], MaxTls::Tls13).unwrap();
    }
    let app = place.app_program();

    let talk = wire.talk(&place, By::Envoy, Mode::Echo).unwrap();
    assert!(talk.greeting.starts_with("=#\u{4}g"), "{talk:?}");
    wire.await_line(&app, 0, "offered: istio-peer-exchange,istio")
        .unwrap();

    let before = wire.printed(&app).unwrap().len();
    let talk = wire.talk(&place, By::Ours, Mode::Echo).unwrap();
    let offered = wire.await_line(&app, before, "offered: ").unwrap();
    assert_eq!(offered, "offered: istio");
    assert_eq!(talk.greeting, "hello from db-pxc-1\n");
    assert_eq!((talk.received, talk.same), (PAYLOAD, true), "{talk:?}");
}

/// The other peer is real enough: it negotiates with an Envoy, whose app gets the frame.
#[test]
fn our_server_does_not_negotiate_with_a_client_that_would() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    for place in [Place::SOURCE_OURS, Place::SOURCE_ENVOY] {
        wire.start_app(&place).unwrap();
        wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    }
    wire.start_gateway(By::Ours).unwrap();

    let came = wire.call_exchanging(&CALLER, &Place::SOURCE_OURS).unwrap();
    assert_eq!(came, "istio, hello from db-pxc-0, the first words");

    let came = wire.call_exchanging(&CALLER, &Place::SOURCE_ENVOY).unwrap();
    assert!(
        came.starts_with("istio-peer-exchange, hello from"),
        "{came}"
    );
    let app = Place::SOURCE_ENVOY.app_program();
    wire.await_line(&app, 0, "left without a word: \"=#")
        .unwrap();
}
