//! Each role by a real Envoy or by ours: all eight combinations carry the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{AFTER_END, By, Caller, Mode, PAYLOAD, Place, Wire};

const EACH: [By; 2] = [By::Ours, By::Envoy];
const MODES: [Mode; 6] = [
    Mode::Http,
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
    assert_eq!(wire.errors().unwrap(), Vec::new());
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
            for mode in MODES {
                let place = Place::of(mode.port(), server);
                if let Err(wrong) = carries(&mut wire, &place, client, mode) {
                    let logged = logged(&mut wire, &place, client);
                    panic!("{roles}, {mode:?}: {wrong}\n{logged}");
                }
            }
            combinations += 1;
        }
    }
    assert_eq!(combinations, 8);
}

/// What is wrong with one way to talk, if anything is.
fn carries(wire: &mut Wire, place: &Place, client: By, mode: Mode) -> Result<(), String> {
    let app = place.app_program();
    let before = wire.printed(&app).unwrap().len();
    let talk = wire.talk(place, client, mode).unwrap();
    // What the app itself has seen, where that is what counts.
    let mut seen = |line: &str| wire.await_line(&app, before, line).unwrap();
    let came = |bytes| (talk.received, talk.same) == (bytes, true);
    let came_to_its_end = talk.ended == "end";
    let (right, seen) = match mode {
        Mode::Http => (came(PAYLOAD), None),
        Mode::Echo => (came(PAYLOAD) && came_to_its_end, None),
        Mode::CallerEndsFirst => (came(AFTER_END) && came_to_its_end, None),
        Mode::AppEndsFirst => {
            let seen = seen("app-ends-first: ");
            let right = talk.received == 0 && came_to_its_end && seen.ends_with(": end true");
            (right, Some(seen))
        }
        Mode::AppResets => (talk.ended.contains("reset"), None),
        Mode::CallerResets => {
            let seen = seen("caller-resets: ");
            (seen.contains("reset"), Some(seen))
        }
    };
    if right && talk.greeting.trim() == format!("hello from {}", place.pod) {
        Ok(())
    } else {
        Err(format!("{talk:?}, {}", seen.unwrap_or_default()))
    }
}

/// What the three in between have said last.
fn logged(wire: &mut Wire, place: &Place, client: By) -> String {
    let client = Caller::of(place.port).program(client);
    let programs = [client, "gateway".to_owned(), place.sidecar_program()];
    let last = programs.map(|program| {
        let printed = wire.printed(&program).unwrap();
        let lines: Vec<_> = printed.lines().rev().take(2).collect();
        format!("{program}:\n{}", lines.join("\n"))
    });
    last.join("\n")
}
