//! What the flight recorders of all processes on a connection's way have of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, HELLO, SECRET};
use eastwest_e2e::hello;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// What happens in the order in which it has to, by the direction of the process.
const OUTBOUND: [&str; 5] = [
    "connect",
    "hello",
    "handshake",
    "first_byte_to_upstream",
    "first_byte_to_peer",
];
const PASSTHROUGH: [&str; 4] = [
    "hello",
    "connect",
    "first_byte_to_upstream",
    "first_byte_to_peer",
];
const INBOUND: [&str; 5] = [
    "hello",
    "handshake",
    "connect",
    "first_byte_to_upstream",
    "first_byte_to_peer",
];

/// The timelines of a server, once those of so many connections that have ended are there.
fn history(clusters: &mut Clusters, server: &str, ended: usize) -> Vec<Value> {
    let counted = clusters.program(server).unwrap().counted().unwrap().clone();
    let mut admin = counted.metrics;
    admin.set_port(15000);
    let begun = Instant::now();
    loop {
        let told = clusters.told(&counted.host, admin, "/history.json?limit=50");
        let told: Value = serde_json::from_str(&told.unwrap()).unwrap();
        assert_eq!(told["capacity"], 1000);
        if told["recorded"].as_u64() >= Some(ended as u64) || begun.elapsed() > PATIENCE {
            assert_eq!(told["recorded"], ended, "{server}: {told:#}");
            let timelines = told["timelines"].as_array().unwrap().iter();
            return timelines
                .filter(|one| !one["ended"].is_null())
                .cloned()
                .collect();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the tool prints of a server's.
fn printed(clusters: &mut Clusters, server: &str) -> String {
    let counted = clusters.program(server).unwrap().counted().unwrap().clone();
    let mut command = clusters.eastwest_on(&counted.host).unwrap();
    let admin = format!("{}:15000", counted.metrics.ip());
    command.args(["conns", "--history", "--admin", &admin]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn one<'a>(timelines: &'a [Value], connection_id: &Value) -> &'a Value {
    let mut of = timelines
        .iter()
        .filter(|one| one["connection_id"] == *connection_id);
    let found = of.next().unwrap_or(&Value::Null);
    assert!(
        found.is_object() && of.next().is_none(),
        "{connection_id}: {timelines:#?}"
    );
    found
}

fn at(timeline: &Value, step: &str) -> Option<f64> {
    timeline["milliseconds"].get(step).unwrap().as_f64()
}

/// These steps and the two at the end are there, each not before the one before it, and no others are.
fn assert_steps(timeline: &Value, steps: &[&str]) {
    let mut before = 0.0;
    for step in steps.iter().chain(&["last_byte", "end"]) {
        let now = at(timeline, step);
        assert!(now >= Some(before), "{step}: {timeline:#}");
        before = now.unwrap();
    }
    let all = timeline["milliseconds"].as_object().unwrap();
    let taken = all.iter().filter(|(_, at)| !at.is_null());
    // A name may have been looked up: that of the gateway or the pod, unless it is remembered.
    let expected = steps.len() + 2 + usize::from(at(timeline, "dns").is_some());
    assert_eq!(taken.count(), expected, "{timeline:#}");
}

#[test]
fn three_processes_have_the_same_connection_step_by_step() {
    let mut clusters = hello().unwrap();
    for pod in &HELLO {
        let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
        assert!(visit.answer.is_some(), "{visit:?}");
    }
    let outbound = history(&mut clusters, "b-app-shim", HELLO.len());
    let gateway = history(&mut clusters, "gateway", HELLO.len());
    for pod in &HELLO {
        let name = format!("{}:{}", pod.alias(), pod.port);
        let called = outbound.iter().find(|one| one["route"] == name);
        let called = called.unwrap_or(&Value::Null);
        let id = &called["connection_id"];
        let passed = one(&gateway, id);
        let served = history(&mut clusters, &format!("{}-shim", pod.name), 1);
        let served = one(&served, id);
        for (timeline, direction, steps) in [
            (called, "outbound", &OUTBOUND[..]),
            (passed, "passthrough", &PASSTHROUGH),
            (served, "inbound", &INBOUND),
        ] {
            assert_eq!(timeline["direction"], direction);
            assert_eq!(timeline["reason"], "finished", "{timeline:#}");
            assert_steps(timeline, steps);
        }
        assert_eq!(served["identity"], "spiffe://cluster.local/ns/demo/sa/app");
        assert_eq!(
            called["identity"],
            "spiffe://cluster.local/ns/demo/sa/hello"
        );
        // The pod's name had not been asked for before; the app's address is the pod's own.
        assert!(at(passed, "hello") <= at(passed, "dns"), "{passed:#}");
        assert!(at(passed, "dns") <= at(passed, "connect"), "{passed:#}");
        assert_eq!(at(served, "dns"), None);
        for bytes in ["bytes_to_upstream", "bytes_to_peer"] {
            assert!(called[bytes].as_u64() > Some(0));
            assert_eq!(called[bytes], served[bytes]);
        }
        assert!(called["opened"].as_str() <= called["ended"].as_str());
        let printed = printed(&mut clusters, "b-app-shim");
        let mut rows = printed.lines().filter(|row| row.contains(&name));
        let row = rows.next().unwrap_or_default();
        assert!(row.ends_with("finished"), "{printed}");
    }
}

#[test]
fn a_refused_connection_has_its_reason_and_how_far_it_came() {
    let mut clusters = hello().unwrap();
    let refused = clusters.visit("b-app", &SECRET.alias(), SECRET.port);
    assert!(refused.unwrap().answer.is_none());
    let called = history(&mut clusters, "b-app-shim", 1).remove(0);
    let passed = history(&mut clusters, "gateway", 1).remove(0);
    assert_eq!(called["connection_id"], passed["connection_id"]);
    assert!(called["connection_id"].is_string());
    for timeline in [&called, &passed] {
        assert_eq!(timeline["reason"], "not_exported", "{timeline:#}");
        assert_eq!(timeline["bytes_to_peer"], 0);
        for step in [
            "handshake",
            "first_byte_to_upstream",
            "first_byte_to_peer",
            "last_byte",
        ] {
            assert_eq!(at(timeline, step), None, "{timeline:#}");
        }
    }
    assert!(
        at(&called, "connect") <= at(&called, "hello")
            && at(&called, "hello") <= at(&called, "end")
    );
    assert!(at(&called, "connect").is_some());
    assert!(at(&passed, "hello").is_some() && at(&passed, "hello") <= at(&passed, "end"));
    assert_eq!((at(&passed, "dns"), at(&passed, "connect")), (None, None));
    assert_eq!(passed["upstream"], Value::Null);
    // The pod has heard nothing of it.
    assert!(history(&mut clusters, "secret-0-shim", 0).is_empty());
}
