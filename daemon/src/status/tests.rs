use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::*;
use crate::access_log::{Ended, Weight};
use crate::connections::{ByteCounts, ConnectionGuard, ConnectionInfo, Direction};
use crate::context::Context;
use crate::traffic::Talk;

mod handed_over;
mod lapsed;
mod patterns;
mod routes;
mod talking;

const ALIAS: &str = "src-db-pxc-0.pxc.svc.cluster.local";
const NAME: &str = "src-db-pxc-0.pxc.svc.cluster.local:3306";

fn told(context: &Context) -> Value {
    serde_json::to_value(document(context, &Asked::default())).unwrap()
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
        listing: Listing::Named,
        sni: Some("outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local".to_owned()),
        listens: vec![([240, 240, 0, 1], 3306).into()],
        endpoints,
        identities: vec!["spiffe://cluster.local/ns/pxc/sa/*".to_owned()],
        origin: Some("routes.yaml:6:5".to_owned()),
        explain: Explain::by(|| {
            vec!["the alias is a host of the ServiceEntry at routes.yaml:6:5".to_owned()]
        }),
    }
}

fn gateway(state: EndpointState) -> RouteEndpoint {
    RouteEndpoint {
        address: "10.0.0.1:15443".to_owned(),
        state: Some(state),
        reason: (state != EndpointState::Up).then(|| "connection refused".to_owned()),
        seen: None,
        locality: None,
    }
}

/// Has a process tell these routes.
fn has<R: IntoIterator<Item = ServedRoute>>(
    context: &Context,
    routes: impl Fn() -> R + Send + Sync + 'static,
) {
    context.status.has_routes(move |_, take| {
        routes().into_iter().for_each(take);
        0
    });
}

/// A process with one route.
fn with(endpoints: Vec<RouteEndpoint>) -> Context {
    let context = Context::new();
    has(&context, move || [served(endpoints.clone())]);
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
            "routes_by_state": { "down": 0, "degraded": 0, "up": 0, "unknown": 0 },
            "certificates": [],
            "manifests": { "errors": [], "errors_total": 0 },
            "reload": { "outcome": "none", "what": null, "at": null, "message": null },
            "connections": { "open": 0, "shown": 0, "rows": [] },
            "totals": { "opened": 0, "closed": 0, "uncounted": 0, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
            "names": null,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_is_the_same_to_programs_though_the_clock_of_people_is_set_back() {
    let context = Context::new();
    let identity = || told(&context)["program"].take();
    let first = identity();
    // The clock of ages goes on by an hour, and the other one does not.
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    assert_eq!(identity(), first);
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

#[test]
fn errors_of_the_manifests_in_force_are_told_until_there_are_none() {
    let context = Context::new();
    let manifests = || told(&context)["manifests"].take();
    let errors = (0..101).map(|nth| format!("routes.yaml:{nth}:3: error[EW005]: no name"));
    context.status.manifests_have(errors.collect());
    let said = manifests();
    assert_eq!(said["errors_total"], 101);
    let errors = said["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[99]),
        (100, &json!("routes.yaml:99:3: error[EW005]: no name"))
    );
    context.status.manifests_have(Vec::new());
    assert_eq!(manifests(), json!({ "errors": [], "errors_total": 0 }));
}

/// All names of members in a value.
fn members(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                into.insert(name.clone());
                members(value, into);
            }
        }
        Value::Array(all) => all.iter().for_each(|value| members(value, into)),
        _ => {}
    }
}

#[test]
fn every_member_is_in_the_documentation() {
    let context = with(vec![gateway(EndpointState::Up)]);
    context
        .readiness
        .blocker("certificate")
        .set("it has expired");
    let at: SocketAddr = ([127, 0, 0, 1], 15000).into();
    let endpoints = Endpoints {
        ready: None,
        metrics: None,
        admin: Some(at),
    };
    context.status.listens(&Bound::new(), &endpoints);
    context.status.has_certificates(|| {
        let now = SystemTime::now();
        let file = "root-cert.pem".into();
        vec![HeldCertificate::new("root", String::new(), file, now..=now)]
    });
    context.status.has_names(move || ServedNames {
        aliases: 1,
        down: vec![DownName {
            alias: ALIAS.to_owned(),
            reason: "it has no endpoints".to_owned(),
        }],
        name_servers: vec![NameServerStatus {
            address: at,
            state: "answers",
        }],
    });
    let _live = open(&context, &ByteCounts::default());
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let mut told_members = BTreeSet::new();
    members(&told(&context), &mut told_members);
    for deep in ["code", "seconds_left", "connection_id", "alias", "locality"] {
        assert!(told_members.contains(deep), "{deep}");
    }
    let documented = include_str!("../../../docs/status.md");
    for member in told_members {
        assert!(documented.contains(&format!("`{member}`")), "{member}");
    }
}
