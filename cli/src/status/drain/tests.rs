use serde_json::json;

use super::*;

/// What the process of this number that has started then tells.
fn told(pid: u32, started: &str) -> Told {
    let whole = json!({
        "program": { "pid": pid, "started": started }, "now": "", "uptime_seconds": -3600, "state": "draining",
        "blocked": [], "listeners": [], "certificates": [], "reload": { "outcome": "none" },
        "routes": [], "routes_total": 0, "connections": { "open": 0, "rows": [] },
        "totals": { "opened": 0, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
    });
    let status = serde_json::from_value(whole.clone()).unwrap();
    Told { whole, status }
}

#[test]
fn a_process_that_cannot_be_seen_is_not_said_to_have_ended() {
    let drained = Drained::of(&told(1, "12:00"));
    assert!(drained.seen.is_none());
    assert_eq!(drained.end(&Ok(told(1, "12:00"))), None);
    let refused = Err(AdminError::Refused(([127, 0, 0, 1], 15000).into()));
    assert_eq!(drained.end(&refused), Some(End::Unheard));
    let cut = Err(AdminError::HungUp(([127, 0, 0, 1], 15000).into()));
    assert_eq!(drained.end(&cut), None);
}

#[test]
fn a_container_that_starts_again_has_the_same_number_and_is_another_process() {
    let drained = Drained::of(&told(1, "12:00"));
    assert_eq!(drained.end(&Ok(told(1, "12:01"))), Some(End::Replaced));
}

#[test]
fn a_process_that_can_be_seen_has_not_ended_because_another_answers() {
    let seen = Process::of_age(std::process::id(), 0.0);
    let drained = Drained {
        seen,
        ..Drained::of(&told(7, "12:00"))
    };
    assert!(drained.seen.is_some());
    assert_eq!(drained.end(&Ok(told(8, "12:01"))), None);
}
