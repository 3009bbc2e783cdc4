use serde_json::{Value, json};

use super::*;

/// What a server tells that has one route, which is down, and these numbers in all.
fn told(by_state: &Value, uncounted: u64) -> Status {
    let route = json!({
        "name": "db-0", "direction": "passthrough", "state": "down", "reason": "connection refused",
        "listens": [], "endpoints": [], "identities": [], "explain": [],
    });
    let told = json!({
        "program": { "pid": 1 }, "now": "", "uptime_seconds": 1, "state": "ready", "blocked": [],
        "listeners": [], "certificates": [], "reload": { "outcome": "none" },
        "routes": [route], "routes_total": 3, "routes_by_state": by_state,
        "connections": { "open": 0, "rows": [] },
        "totals": { "opened": 0, "uncounted": uncounted, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
    });
    serde_json::from_value(told).unwrap()
}

fn printed(status: &Status) -> String {
    let mut out = Vec::new();
    print(&mut out, status).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn routes_that_are_not_told_are_counted_all_the_same() {
    let by_state = json!({ "down": 2, "degraded": 1, "up": 0, "unknown": 0 });
    let text = printed(&told(&by_state, 5));
    for said in [
        "3 routes: 2 DOWN, 1 DEGRADED",
        "DOWN         db-0: connection refused",
        "2 more are not well and not told",
        "NOT COUNTED  5 connections came by",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

#[test]
fn of_an_older_server_what_is_told_is_counted() {
    let text = printed(&told(&Value::Null, 0));
    assert!(text.contains("3 routes: 1 DOWN\n"), "{text}");
    assert!(
        !text.contains("not told") && !text.contains("NOT COUNTED"),
        "{text}"
    );
}

#[test]
fn files_that_are_refused_are_a_status_of_their_own_unless_it_is_worse() {
    let all_well = json!({ "down": 0, "degraded": 0, "up": 3, "unknown": 0 });
    let ends = |by_state: &Value, state: &str, outcome: &str| {
        let mut status = told(by_state, 0);
        status.state = state.to_owned();
        status.reload.outcome = outcome.to_owned();
        exit_status(&status)
    };
    assert_eq!(ends(&all_well, "ready", "none"), 0);
    assert_eq!(ends(&all_well, "ready", "ok"), 0);
    assert_eq!(ends(&all_well, "ready", "failed"), 6);
    let one_down = json!({ "down": 1, "degraded": 0, "up": 2, "unknown": 0 });
    assert_eq!(ends(&one_down, "ready", "failed"), 4);
    assert_eq!(ends(&all_well, "unready", "failed"), 3);
}
