use std::time::Duration;

use super::*;

fn crowd(asked: usize, begun: usize, ended: usize) -> Crowd {
    Crowd {
        asked,
        begun,
        ended,
    }
}

fn struck(hits: usize, misses: usize) -> Struck {
    Struck {
        hits,
        misses,
        time: Duration::from_secs(2),
    }
}

fn stage(what: What, when: &'static str, median: f64) -> Stage {
    Stage {
        what,
        when,
        times: vec![1.0, median, 5000.0],
    }
}

/// A siege in which all holds, though hardly.
fn siege() -> Seen {
    let gateway = |descriptors, memory| Gateway {
        descriptors,
        memory,
    };
    Seen {
        idle: crowd(4000, 4000, 4000),
        silent: crowd(5000, 4990, 3000),
        stammering: crowd(2000, 1, 0),
        garbage: struck(900, 1),
        flood: struck(40_000, 5),
        handshakes: struck(8000, 3),
        at_once: 256,
        stages: vec![
            stage(What::Visit, "besieged", 100.0),
            stage(What::Visit, "flooded", 60.0),
            stage(What::Request, "flooded", 0.5),
        ],
        before: gateway(25, 1 << 20),
        held: gateway(8025, (1 << 20) + 4000 * 2500),
        after: gateway(33, 5 << 20),
    }
}

#[test]
fn what_holds_is_no_miss() {
    assert_eq!(siege().missed(), Vec::<String>::new());
}

#[test]
fn a_client_that_waits_is_a_miss_at_every_stage() {
    for at in 0..3 {
        let mut seen = siege();
        seen.stages[at].times[1] = 101.0;
        let missed = seen.missed();
        assert_eq!(missed.len(), 1, "{missed:?}");
        let said = &missed[0];
        assert!(said.starts_with(seen.stages[at].when), "{said}");
        assert!(said.ends_with("101 ms in the median, more than 100"));
    }
    let mut seen = siege();
    seen.stages[0].times.clear();
    assert_eq!(
        seen.missed(),
        ["besieged: a new connection over the whole path was not measured"]
    );
}

#[test]
fn a_siege_without_besiegers_is_a_miss() {
    let mut seen = siege();
    seen.silent.begun = 0;
    seen.stammering.begun = 0;
    seen.garbage = struck(0, 40);
    seen.flood = struck(0, 20);
    seen.handshakes = struck(0, 4000);
    assert_eq!(
        seen.missed(),
        [
            "none of the silent clients was held",
            "none of the stammering clients was held",
            "no garbage was thrown",
            "none of a flood came in",
            "no handshake was answered",
        ]
    );
    // Who wants none has none.
    (seen.silent.asked, seen.stammering.asked, seen.at_once) = (0, 0, 0);
    assert_eq!(
        seen.missed(),
        ["no garbage was thrown", "none of a flood came in"]
    );
}

#[test]
fn what_idle_connections_lose_or_cost_is_a_miss() {
    let mut seen = siege();
    seen.idle.ended = 3999;
    seen.held.memory += 4000;
    assert_eq!(
        seen.missed(),
        [
            "1 of 4000 idle connections were cut",
            "2501 bytes for each idle connection, more than 2500",
        ]
    );
}

#[test]
fn what_the_gateway_keeps_is_a_miss() {
    let mut seen = siege();
    seen.after.descriptors += 1;
    seen.after.memory += 1;
    assert_eq!(
        seen.missed(),
        [
            "the gateway has not given back its descriptors",
            "the gateway has not given back its memory",
        ]
    );
}

#[test]
fn who_was_really_there_is_said() {
    let said = siege().to_string();
    for line in [
        "silent clients: 4990 of 5000 held as the client comes, 3000 when it has done",
        "garbage meanwhile: 450 pieces a second, 900 in all; 1 found no way in",
        "swamped: 20000 connections a second meanwhile, from one address, that say one byte; 40000 in all, 5 found",
        "answers 4000 handshakes a second meanwhile, 256 at a time, and refuses or ends 3 of 8003",
    ] {
        assert!(said.contains(line), "{said}");
    }
}
