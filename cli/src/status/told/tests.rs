use serde_json::json;

use super::*;

fn route(state: &str, open: u64, since: &str) -> Route {
    let told = json!({
        "name": "src-db-0:3306", "direction": "outbound", "state": state, "reason": "connection refused",
        "listens": [], "endpoints": [], "identities": [], "explain": [], "open": open,
        "last": { "at": "12:05", "since": since, "outcome": "failed", "code": "dial_refused" },
    });
    serde_json::from_value(told).unwrap()
}

#[test]
fn a_route_that_is_down_says_since_when_and_whether_anybody_tries() {
    let why = |open, since| route("down", open, since).why().unwrap();
    assert_eq!(
        why(0, "12:00"),
        "connection refused (since 12:00, tried last at 12:05; nobody has tried since)"
    );
    assert_eq!(why(1, "12:05"), "connection refused (tried last at 12:05)");
    let degraded = route("degraded", 1, "12:00").why();
    assert_eq!(degraded.as_deref(), Some("connection refused"));
}

#[test]
fn a_state_that_a_later_version_has_is_no_error() {
    let route = route("tired", 0, "12:00");
    assert_eq!(
        (route.state, route.state.word()),
        (RouteState::Other, "other")
    );
}

#[test]
fn what_is_asked_for_makes_no_request_of_its_own() {
    assert_eq!(encoded("outbound_.3306_._.Db-0"), "outbound_.3306_._.Db-0");
    assert_eq!(encoded("a&b=%\r\n é"), "a%26b%3D%25%0D%0A%20%C3%A9");
}
