//! Each role by a real Envoy or by ours: all eight combinations carry the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{By, Caller, Mode, PAYLOAD, Place, Wire};

const EACH: [By; 2] = [By::Ours, By::Envoy];
const SOURCE_FIRST: [Mode; 5] = [
    Mode::Echo,
    Mode::CallerEndsFirst,
    Mode::AppEndsFirst,
    Mode::AppResets,
    Mode::CallerResets,
];

/// One set of clusters for all: what differs between combinations is where the app dials, and which
/// gateway runs.
#[test]
fn all_eight_combinations_carry_http_and_a_protocol_in_which_the_server_speaks_first() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    for place in Place::ALL {
        wire.start_app(&place).unwrap();
        wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    }
    for caller in [Caller::APP, Caller::REPLICA] {
        for by in EACH {
            wire.start_client(&caller, by, &[], MaxTls::Tls13).unwrap();
        }
    }
    let mut combinations = 0;
    for gateway in EACH {
        wire.start_gateway(gateway).unwrap();
        for (client, server) in EACH
            .into_iter()
            .flat_map(|by| EACH.map(|other| (by, other)))
        {
            let roles = format!("client {client:?}, gateway {gateway:?}, server {server:?}");
            http(&wire, &Place::of(8080, server), client, &roles);
            for mode in SOURCE_FIRST {
                let roles = format!("{roles}, {mode:?}");
                server_first(&mut wire, &Place::of(3306, server), client, mode, &roles);
            }
            combinations += 1;
        }
    }
    assert_eq!(combinations, 8);
}

fn http(wire: &Wire, place: &Place, client: By, roles: &str) {
    let talk = wire.talk(place, client, Mode::Http).unwrap();
    assert_eq!(
        talk.greeting,
        format!("hello from {}", place.pod),
        "{roles}: {talk:?}"
    );
    assert_eq!(
        (talk.received, talk.same),
        (PAYLOAD, true),
        "{roles}: {talk:?}"
    );
}

fn server_first(wire: &mut Wire, place: &Place, client: By, mode: Mode, roles: &str) {
    let app = place.app_program();
    let before = wire.printed(&app).unwrap().len();
    let talk = wire.talk(place, client, mode).unwrap();
    assert_eq!(
        talk.greeting,
        format!("hello from {}\n", place.pod),
        "{roles}: {talk:?}"
    );
    // What the app itself has seen, where that is what counts.
    let mut seen = |line: &str| wire.await_line(&app, before, line).unwrap();
    match mode {
        Mode::Http => panic!("{mode:?} is another protocol"),
        Mode::Echo | Mode::CallerEndsFirst => {
            assert_eq!(
                (talk.received, talk.same),
                (PAYLOAD, true),
                "{roles}: {talk:?}"
            );
            assert_eq!(talk.ended, "end", "{roles}: {talk:?}");
        }
        Mode::AppEndsFirst => {
            assert_eq!((talk.received, &*talk.ended), (0, "end"), "{roles}");
            assert_eq!(
                seen("app-ends-first: "),
                "app-ends-first: end true",
                "{roles}"
            );
        }
        Mode::AppResets => assert!(talk.ended.contains("reset"), "{roles}: {talk:?}"),
        Mode::CallerResets => {
            let end = seen("caller-resets: ");
            assert!(end.contains("reset"), "{roles}: {end}");
        }
    }
}
