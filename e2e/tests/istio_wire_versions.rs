//! The ClientHello of our shim, and peers that speak nothing newer than TLS 1.2.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{By, Caller, Mode, PAYLOAD, Place, Wire, described};

const CALLER: Caller = Caller::REPLICA;
const OLD: [&str; 2] = ["--tls-min", "1.2"];

fn prepared() -> Wire {
    Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap()
}

/// The lines of a golden file, without those that explain it.
fn golden(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_hello_of_our_shim_is_what_it_was() {
    let mut wire = prepared();
    wire.start_recorder().unwrap();
    for (flags, expected) in [
        (&[][..], include_str!("golden/client_hello.txt")),
        (&OLD[..], include_str!("golden/client_hello_tls12.txt")),
    ] {
        wire.start_client(&CALLER, By::Ours, flags, MaxTls::Tls13)
            .unwrap();
        let before = wire.printed("gateway").unwrap().len();
        wire.talk(&Place::SOURCE_OURS, By::Ours, Mode::Echo)
            .unwrap();
        let line = wire.await_line("gateway", before, "record ").unwrap();
        let record: Vec<u8> = line
            .split_whitespace()
            .skip(1)
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect();
        let said = described(&record).unwrap();
        assert_eq!(said, golden(expected), "{flags:?}");
    }
}

#[test]
fn an_old_envoy_server_is_called_where_the_flag_allows_it() {
    let mut wire = prepared();
    let place = Place::SOURCE_ENVOY;
    wire.start_app(&place).unwrap();
    wire.start_server(&place, &[], MaxTls::Tls12).unwrap();
    wire.start_gateway(By::Ours).unwrap();

    wire.start_client(&CALLER, By::Ours, &OLD, MaxTls::Tls13)
        .unwrap();
    let talk = wire.talk(&place, By::Ours, Mode::Echo).unwrap();
    assert_eq!((talk.received, talk.same), (PAYLOAD, true), "{talk:?}");

    wire.start_client(&CALLER, By::Ours, &[], MaxTls::Tls13)
        .unwrap();
    let by = CALLER.program(By::Ours);
    let before = wire.printed(&by).unwrap().len();
    let talk = wire.talk(&place, By::Ours, Mode::Echo).unwrap();
    assert_eq!(talk.greeting, "", "{talk:?}");
    assert!(talk.ended.contains("reset"), "{talk:?}");
    let line = wire.await_line(&by, before, "connection ended").unwrap();
    assert!(line.contains("--tls-min 1.2"), "{line}");
}

#[test]
fn an_old_envoy_client_is_served_where_the_flag_allows_it() {
    let mut wire = prepared();
    let place = Place::SOURCE_OURS;
    wire.start_app(&place).unwrap();
    wire.start_gateway(By::Ours).unwrap();
    wire.start_client(&CALLER, By::Envoy, &[], MaxTls::Tls12)
        .unwrap();

    wire.start_server(&place, &OLD, MaxTls::Tls13).unwrap();
    let talk = wire.talk(&place, By::Envoy, Mode::Echo).unwrap();
    assert_eq!((talk.received, talk.same), (PAYLOAD, true), "{talk:?}");

    wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    let by = place.sidecar_program();
    let before = wire.printed(&by).unwrap().len();
    let talk = wire.talk(&place, By::Envoy, Mode::Echo).unwrap();
    assert_eq!(talk.greeting, "", "{talk:?}");
    let line = wire.await_line(&by, before, "connection ended").unwrap();
    assert!(line.contains("--tls-min 1.2"), "{line}");
    wire.await_line(
        &CALLER.program(By::Envoy),
        0,
        "TLSV1_ALERT_PROTOCOL_VERSION",
    )
    .unwrap();
}
