use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::*;
use crate::access_log::{Ended, Weight};
use crate::connections::{ByteCounts, ConnectionGuard, ConnectionInfo, Direction};
use crate::context::Context;
use crate::traffic::Talk;

const ALIAS: &str = "src-db-pxc-0.pxc.svc.cluster.local";
const NAME: &str = "src-db-pxc-0.pxc.svc.cluster.local:3306";

fn told(context: &Context) -> Value {
    serde_json::to_value(document(context)).unwrap()
}

fn open(context: &Context, bytes: &ByteCounts) -> ConnectionGuard {
    let guard = context.connections.open(ConnectionInfo {
        direction: Direction::Outbound,
        peer: ([127, 0, 0, 1], 40_000).into(),
        bytes: Arc::clone(bytes),
    });
    guard.set_route(NAME, ALIAS);
    guard
}

fn served(endpoints: Vec<RouteEndpoint>) -> ServedRoute {
    ServedRoute {
        name: NAME.to_owned(),
        direction: Direction::Outbound,
        fitness: Fitness::Whole,
        sni: Some("outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local".to_owned()),
        listens: vec![([240, 240, 0, 1], 3306).into()],
        endpoints,
        identities: vec!["spiffe://cluster.local/ns/pxc/sa/*".to_owned()],
        origin: Some("routes.yaml:6:5".to_owned()),
        explain: vec!["the alias is a host of the ServiceEntry at routes.yaml:6:5".to_owned()],
    }
}

fn gateway(state: EndpointState) -> RouteEndpoint {
    RouteEndpoint {
        address: "10.0.0.1:15443".to_owned(),
        state: Some(state),
        reason: (state != EndpointState::Up).then(|| "connection refused".to_owned()),
        locality: None,
    }
}

/// A process with one route.
fn with(endpoints: Vec<RouteEndpoint>) -> Context {
    let context = Context::new();
    context.status.has_routes(move || ServedRoutes {
        routes: vec![served(endpoints.clone())],
        unlisted: 0,
    });
    context
}

fn failure(reason: &'static str) -> Ended<'static> {
    Ended {
        reason,
        error: Some(&"gateway 10.0.0.1:15443: connection refused"),
        weight: Weight::Failure,
    }
}

#[test]
fn a_process_of_which_nothing_is_known_says_so() {
    let mut told = told(&Context::new());
    for measured in ["now", "uptime_seconds"] {
        assert!(!told[measured].take().is_null());
    }
    assert!(told["program"]["pid"].is_u64() && told["program"]["host"].is_string());
    told["program"] = Value::Null;
    assert_eq!(
        told,
        json!({
            "schema": 1, "program": null, "now": null, "uptime_seconds": null,
            "state": "ready", "blocked": [], "listeners": [], "routes": [], "routes_total": 0,
            "certificates": [],
            "reload": { "outcome": "none", "what": null, "at": null, "message": null },
            "connections": { "open": 0, "shown": 0, "rows": [] },
            "totals": { "opened": 0, "closed": 0, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
            "names": null,
        })
    );
}

#[test]
fn the_state_is_that_of_the_process() {
    let context = Context::new();
    let certificate = context.readiness.blocker("certificate");
    certificate.set("it has expired");
    assert_eq!(told(&context)["state"], "starting");
    context.start();
    let unready = told(&context);
    assert_eq!(unready["state"], "unready");
    assert_eq!(
        unready["blocked"],
        json!([{ "name": "certificate", "reason": "it has expired" }])
    );
    certificate.clear();
    assert_eq!(told(&context)["state"], "ready");
}

#[tokio::test]
async fn a_process_that_drains_is_neither_ready_nor_unready() {
    let context = Context::new();
    let hour = std::time::Duration::from_secs(3600);
    let policy = crate::DrainPolicy {
        lame_duck: hour,
        grace: hour,
    };
    let draining = context.clone();
    let drain = tokio::spawn(async move { draining.drain(&policy).await });
    while !context.shutdown.is_draining() {
        tokio::task::yield_now().await;
    }
    let told = told(&context);
    assert_eq!(
        (&told["state"], &told["blocked"][0]["name"]),
        (&json!("draining"), &json!("drain"))
    );
    drain.abort();
}

#[test]
fn a_route_counts_what_has_come_over_it() {
    let context = with(vec![gateway(EndpointState::Up)]);
    let route = told(&context)["routes"][0].take();
    assert_eq!(
        (&route["state"], &route["last"]),
        (&json!("unknown"), &json!(null))
    );
    let bytes = ByteCounts::default();
    let guard = open(&context, &bytes);
    guard.relays(&Talk::default());
    bytes[0].store(7, Ordering::Relaxed);
    bytes[1].store(9, Ordering::Relaxed);
    let live = told(&context);
    let route = &live["routes"][0];
    assert_eq!(
        (&route["state"], &route["reason"]),
        (&json!("up"), &json!(null))
    );
    assert_eq!((&route["open"], &route["opened"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&route["bytes_to_upstream"], &route["bytes_to_peer"]),
        (&json!(7), &json!(9))
    );
    assert_eq!(route["last"]["outcome"], "made");
    assert_eq!(live["connections"]["rows"][0]["route"], NAME);
    bytes[1].store(19, Ordering::Relaxed);
    drop(guard);
    let over = told(&context);
    let route = &over["routes"][0];
    assert_eq!((&route["open"], &route["opened"]), (&json!(0), &json!(1)));
    assert_eq!(route["bytes_to_peer"], 19);
    assert_eq!(
        over["totals"],
        json!({ "opened": 1, "closed": 1, "bytes_to_upstream": 7, "bytes_to_peer": 19 })
    );
}

#[test]
fn bytes_of_the_process_before_are_not_counted_again() {
    let context = with(Vec::new());
    let bytes = ByteCounts::default();
    bytes[1].store(100, Ordering::Relaxed);
    let guard = open(&context, &bytes);
    guard.goes_on_relaying(&Talk::default());
    bytes[1].store(130, Ordering::Relaxed);
    assert_eq!(told(&context)["routes"][0]["bytes_to_peer"], 30);
    drop(guard);
    assert_eq!(told(&context)["totals"]["bytes_to_peer"], 30);
}

#[test]
fn a_route_whose_last_connection_came_to_nothing_is_down_and_says_why() {
    let context = with(vec![gateway(EndpointState::Down)]);
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let route = told(&context)["routes"][0].take();
    assert_eq!(
        (&route["state"], &route["reason"]),
        (
            &json!("down"),
            &json!("gateway 10.0.0.1:15443: connection refused")
        )
    );
    assert_eq!(
        (&route["failed"], &route["last"]["code"]),
        (&json!(1), &json!("dial_refused"))
    );
    // The next one that is made says more.
    let guard = open(&context, &ByteCounts::default());
    guard.relays(&Talk::default());
    assert_eq!(told(&context)["routes"][0]["state"], "degraded");
    // What is open goes on, whatever comes of new ones.
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let route = told(&context)["routes"][0].take();
    assert_eq!(route["state"], "degraded");
    let reason = route["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("a new connection came to nothing: "),
        "{reason}"
    );
}

#[test]
fn a_far_end_that_breaks_off_at_once_is_a_failure_and_one_that_has_spoken_is_not() {
    for (said, state) in [(0, "down"), (1, "up")] {
        let context = with(vec![gateway(EndpointState::Up)]);
        let bytes = ByteCounts::default();
        let guard = open(&context, &bytes);
        guard.relays(&Talk::default());
        bytes[1].store(said, Ordering::Relaxed);
        guard.end(&failure("upstream_reset"));
        assert_eq!(told(&context)["routes"][0]["state"], state, "{said}");
    }
}

#[test]
fn what_is_this_process_own_doing_is_no_fault_of_the_route() {
    let context = with(Vec::new());
    open(&context, &ByteCounts::default()).end(&failure("drained"));
    let full = Ended {
        weight: Weight::Noise,
        ..failure("too_many_connections")
    };
    open(&context, &ByteCounts::default()).end(&full);
    assert_eq!(told(&context)["routes"][0]["state"], "unknown");
}

#[test]
fn a_route_is_degraded_where_only_some_of_its_gateways_do_well() {
    for (gateways, state) in [
        (vec![EndpointState::Up, EndpointState::Ejected], "degraded"),
        (
            vec![EndpointState::Ejected, EndpointState::Unresolved],
            "down",
        ),
        (vec![EndpointState::Unknown], "unknown"),
    ] {
        let endpoints = gateways.iter().map(|state| gateway(*state)).collect();
        let route = told(&with(endpoints))["routes"][0].take();
        assert_eq!(route["state"], state);
        assert_eq!(route["reason"].is_null(), state == "unknown");
    }
}

#[test]
fn a_place_that_only_connections_know_is_judged_by_the_last_one() {
    let pod = RouteEndpoint {
        address: "db-pxc-0.db-pxc.pxc.svc.cluster.local:15444".to_owned(),
        state: None,
        reason: None,
        locality: None,
    };
    let context = with(vec![pod]);
    let state = || told(&context)["routes"][0]["endpoints"][0]["state"].take();
    assert_eq!(state(), "unknown");
    open(&context, &ByteCounts::default()).end(&failure("name_not_found"));
    assert_eq!(state(), "unresolved");
    open(&context, &ByteCounts::default()).end(&failure("dial_timeout"));
    assert_eq!(state(), "down");
    let live = open(&context, &ByteCounts::default());
    live.relays(&Talk::default());
    assert_eq!(state(), "up");
}

#[test]
fn of_too_many_routes_the_worst_and_the_most_used_are_told() {
    let context = Context::new();
    context.status.has_routes(|| {
        let route = |n: usize| ServedRoute {
            name: format!("route-{n}"),
            fitness: match n {
                1999 => Fitness::Down("its port is taken".to_owned()),
                _ => Fitness::Whole,
            },
            ..served(Vec::new())
        };
        ServedRoutes {
            routes: (0..2000).map(route).collect(),
            unlisted: 5,
        }
    });
    let guard = context.connections.open(ConnectionInfo {
        direction: Direction::Outbound,
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        bytes: ByteCounts::default(),
    });
    guard.set_route("route-1500", "route-1500");
    let told = told(&context);
    let names: Vec<_> = told["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["name"].clone())
        .collect();
    assert_eq!((names.len(), &told["routes_total"]), (1000, &json!(2005)));
    assert_eq!(names[0], "route-1999");
    assert!(names.contains(&json!("route-1500")));
}

#[test]
fn a_reload_that_was_refused_is_told_until_it_is_mended() {
    let context = Context::new();
    let outcome = || told(&context)["reload"].take();
    Reload::Manifests.refused(&context.status, "routes.yaml:4:3: error[EW005]: no name");
    Reload::Certificate.taken(&context.status, "new certificate in use");
    let reload = outcome();
    assert_eq!(
        (&reload["outcome"], &reload["what"]),
        (&json!("failed"), &json!("manifests"))
    );
    assert_eq!(reload["message"], "routes.yaml:4:3: error[EW005]: no name");
    Reload::Manifests.taken(&context.status, "nothing has changed");
    let reload = outcome();
    assert_eq!(
        (&reload["outcome"], &reload["what"]),
        (&json!("ok"), &json!("manifests"))
    );
}
