//! What is no longer said of routes, and what is not said yet.

use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::status::by_state;

pub(super) const QUARTER: Duration = Duration::from_secs(15 * 60);
pub(super) const PAST: Duration = Duration::from_secs(1);

/// A process with one route of this listing, which connections alone know.
pub(super) fn listed(listing: Listing) -> Context {
    let context = Context::new();
    has(&context, move || {
        [ServedRoute {
            listing,
            ..served(vec![RouteEndpoint {
                state: None,
                ..gateway(EndpointState::Up)
            }])
        }]
    });
    context
}

pub(super) fn fail(context: &Context, reason: &'static str) {
    open(context, &ByteCounts::default()).end(&failure(reason));
}

/// A connection that is answered, and over.
pub(super) fn talk(context: &Context) {
    let bytes = ByteCounts::default();
    let guard = open(context, &bytes);
    guard.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
}

pub(super) fn route(context: &Context) -> Value {
    told(context)["routes"][0].take()
}

pub(super) fn reason(route: &Value) -> &str {
    route["reason"].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_far_end_that_has_not_said_a_byte_is_neither_up_nor_down() {
    let context = with(Vec::new());
    let guard = open(&context, &ByteCounts::default());
    guard.relays(&Talk::default());
    let begun = route(&context);
    assert_eq!(
        (&begun["state"], &begun["last"]),
        (&json!("unknown"), &json!(null))
    );
    advance(Duration::from_secs(10)).await;
    let waits = route(&context);
    assert_eq!(
        (&waits["state"], &waits["last"]["outcome"]),
        (&json!("unknown"), &json!("silent"))
    );
    assert!(reason(&waits).contains("nothing has come back"), "{waits}");
    drop(guard);
    assert_eq!(route(&context)["last"]["outcome"], "silent");
    talk(&context);
    assert_eq!(route(&context)["state"], "up");
    // As does one after it that is over at once.
    open(&context, &ByteCounts::default()).relays(&Talk::default());
    assert_eq!(route(&context)["state"], "unknown");
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_before_a_failure_is_no_later_word() {
    let context = with(Vec::new());
    let bytes = ByteCounts::default();
    let guard = open(&context, &bytes);
    guard.relays(&Talk::default());
    for moment in [2, 4] {
        bytes[moment].store(1, Ordering::Relaxed);
    }
    bytes[1].store(1, Ordering::Relaxed);
    advance(PAST).await;
    fail(&context, "dial_refused");
    drop(guard);
    let route = route(&context);
    assert_eq!(
        (&route["state"], &route["answered"]),
        (&json!("down"), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_keeps_no_route_from_being_down() {
    let context = with(Vec::new());
    fail(&context, "dial_refused");
    let _dials = open(&context, &ByteCounts::default());
    assert_eq!(route(&context)["state"], "down");
}

#[tokio::test(start_paused = true)]
async fn a_route_is_down_no_longer_than_somebody_has_tried_lately() {
    let context = listed(Listing::Named);
    fail(&context, "dial_refused");
    advance(QUARTER - PAST).await;
    fail(&context, "dial_refused");
    let down = route(&context);
    assert_eq!(
        (&down["state"], &down["endpoints"][0]["state"]),
        (&json!("down"), &json!("down"))
    );
    let tally = context.connections.tally(Direction::Outbound, NAME);
    let last = tally.unwrap().last().unwrap();
    assert_eq!(last.at.instant - last.since.instant, QUARTER - PAST);
    advance(QUARTER).await;
    let lapsed = route(&context);
    assert_eq!(
        (&lapsed["state"], &lapsed["endpoints"][0]["state"]),
        (&json!("unknown"), &json!("unknown"))
    );
    let why = reason(&lapsed);
    let at = lapsed["last"]["at"].as_str().unwrap();
    assert!(
        why.starts_with(&format!(
            "it was down at {at}, and nobody has come for it since: "
        )),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn when_something_was_is_told_as_the_same_each_time() {
    let context = listed(Listing::Named);
    let silent = open(&context, &ByteCounts::default());
    silent.relays(&Talk::default());
    drop(silent);
    let last = || route(&context)["last"].take();
    let first = last();
    assert_eq!(first["outcome"], "silent");
    // The clock of people goes on, and that of ages stands still: they do not keep in step.
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(last(), first);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_was_down_long_ago_is_unknown() {
    let context = Context::new();
    let seen = Some(Instant::now());
    has(&context, move || {
        [served(vec![RouteEndpoint {
            seen,
            ..gateway(EndpointState::Down)
        }])]
    });
    assert_eq!(route(&context)["state"], "down");
    advance(QUARTER).await;
    let lapsed = route(&context);
    assert_eq!(lapsed["state"], "unknown");
    let why = lapsed["endpoints"][0]["reason"].as_str().unwrap();
    assert!(why.starts_with("it was down at "), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_answers_again_is_heard_of_before_the_next_connection() {
    let begun = Instant::now();
    for (code, state) in [("dial_refused", "unknown"), ("pod_unreachable", "down")] {
        let context = Context::new();
        let failed = Instant::now();
        has(&context, move || {
            let now = Instant::now();
            let seen = if now > failed { now } else { begun };
            [served(vec![RouteEndpoint {
                seen: Some(seen),
                ..gateway(EndpointState::Up)
            }])]
        });
        fail(&context, code);
        assert_eq!(route(&context)["state"], "down");
        advance(PAST).await;
        let later = route(&context);
        assert_eq!(later["state"], state, "{later}");
        let why = " and 10.0.0.1:15443 answers since: ";
        assert_eq!(reason(&later).contains(why), state == "unknown", "{later}");
    }
}

#[test]
fn a_route_that_is_no_longer_configured_lives_as_long_as_its_connections() {
    let context = listed(Listing::Withdrawn);
    let guard = open(&context, &ByteCounts::default());
    fail(&context, "dial_refused");
    assert_eq!(route(&context)["open"], 1);
    drop(guard);
    assert_eq!(told(&context)["routes"], json!([]));
    assert!(
        context
            .connections
            .tally(Direction::Outbound, NAME)
            .is_none()
    );
}

#[test]
fn what_was_counted_of_a_route_goes_with_it() {
    let context = Context::new();
    let there = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_there = Arc::clone(&there);
    has(&context, move || {
        is_there.load(Ordering::Relaxed).then(|| served(Vec::new()))
    });
    fail(&context, "dial_refused");
    assert_eq!(route(&context)["state"], "down");
    there.store(false, Ordering::Relaxed);
    assert_eq!(told(&context)["routes"], json!([]));
    there.store(true, Ordering::Relaxed);
    let again = route(&context);
    assert_eq!(
        (&again["state"], &again["failed"]),
        (&json!("unknown"), &json!(0))
    );
}

#[test]
fn who_asks_for_some_routes_is_told_of_these_and_the_others_are_kept() {
    let context = with(Vec::new());
    fail(&context, "dial_refused");
    let asked = |name: &str| serde_json::to_value(document(&context, &Asked::of(name))).unwrap();
    assert_eq!(asked("DB-PXC-0")["routes"][0]["name"], NAME);
    let others = asked("db-pxc-1");
    assert_eq!(
        (&others["routes"], &others["routes_total"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(route(&context)["failed"], 1);
}

#[test]
fn the_status_and_the_metric_count_routes_alike() {
    let context = Context::new();
    context.status.has_routes(|_, take| {
        let route = |n: usize| ServedRoute {
            name: format!("route-{n}"),
            fitness: match n % 3 {
                0 => Fitness::Down("its port is taken".to_owned()),
                1 => Fitness::Impaired("one of its ports is taken".to_owned()),
                _ => Fitness::Whole,
            },
            ..served(Vec::new())
        };
        (0..3000).map(route).for_each(take);
        7
    });
    let counted: Value = by_state(&context).unwrap().each().into_iter().collect();
    assert_eq!(
        counted,
        json!({ "down": 1000, "degraded": 1000, "up": 0, "unknown": 1007 })
    );
    assert_eq!(told(&context)["routes_by_state"], counted);
    assert!(by_state(&Context::new()).is_none());
}
