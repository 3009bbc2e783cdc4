//! What running servers tell of themselves, on the whole path and where it is broken.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod certificates;
mod commands;
mod drain;
mod history;
mod terminal;

use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest::clusters::HELLO;
use eastwest::leftovers::Guarded;
use eastwest_e2e::{CountedClusters, hello};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// The admin address of a server of the clusters, and the host that it is on.
fn admin(clusters: &mut CountedClusters, server: &str) -> (String, SocketAddr) {
    let counted = clusters.program(server).unwrap().counted().unwrap();
    let admin = SocketAddr::new(counted.metrics.ip(), 15000);
    (counted.host.clone(), admin)
}

/// What a server tells of itself.
fn status(clusters: &mut CountedClusters, server: &str) -> Value {
    let (host, admin) = admin(clusters, server);
    let told = clusters.told(&host, admin, "/status.json").unwrap();
    serde_json::from_str(&told).unwrap()
}

/// The same, once it is as wanted.
fn status_once(
    clusters: &mut CountedClusters,
    server: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    loop {
        let told = status(clusters, server);
        if wanted(&told) {
            return told;
        }
        assert!(begun.elapsed() < PATIENCE, "it stays {told:#}");
        sleep(Duration::from_millis(50));
    }
}

/// What the gateway counts a pod under of whose ports its manifests say nothing.
fn passed(pod: &str) -> String {
    format!("outbound_.15444_._.{pod}")
}

fn route<'a>(told: &'a Value, name: &str) -> &'a Value {
    let routes = told["routes"].as_array().unwrap();
    let found = routes.iter().find(|route| route["name"] == name);
    found.unwrap_or_else(|| panic!("no route {name} in {told:#}"))
}

fn alias_route() -> String {
    format!("{}:{}", HELLO[0].alias(), HELLO[0].port)
}

/// An app whose connection to the first pod stays open.
fn open_visit(clusters: &CountedClusters) -> Guarded {
    let mut command = clusters.eastwest_on("b-app").unwrap();
    let port = HELLO[0].port.to_string();
    command.args(["app-visit", &HELLO[0].alias(), &port, "--pause"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut app = Guarded::spawn(&mut command).unwrap();
    let mut dot = [0];
    app.stdout.as_mut().unwrap().read_exact(&mut dot).unwrap();
    app
}

#[test]
fn each_server_on_the_way_tells_the_same_of_a_connection() {
    let mut clusters = hello().unwrap();
    let pod = &HELLO[0];
    let before = status(&mut clusters, "b-app-shim");
    assert_eq!(
        (&before["schema"], &before["state"]),
        (&json!(1), &json!("ready"))
    );
    assert_eq!(route(&before, &alias_route())["state"], "unknown");
    let app = open_visit(&clusters);

    let relaying = |told: &Value| told["connections"]["rows"][0]["state"] == "relaying";
    let outbound = status_once(&mut clusters, "b-app-shim", relaying);
    let gateway = status_once(&mut clusters, "gateway", relaying);
    let inbound = status_once(&mut clusters, "hello-0-shim", relaying);
    let all = [&outbound, &gateway, &inbound];
    let row = |told: &Value| told["connections"]["rows"][0].clone();
    let ids = all.map(|told| row(told)["connection_id"].clone());
    assert!(
        ids[0].is_string() && ids.iter().all(|id| *id == ids[0]),
        "{ids:?}"
    );

    let sni = format!("outbound_.{}_._.{}", pod.port, pod.dns_name());
    let names = [alias_route(), passed(&pod.dns_name()), pod.port.to_string()];
    let directions = ["outbound", "passthrough", "inbound"];
    // To the gateway the far shim has answered; the app has not yet.
    let states = ["unknown", "up", "unknown"];
    let ways = directions.into_iter().zip(states);
    for ((told, name), (direction, state)) in all.into_iter().zip(&names).zip(ways) {
        assert_eq!(row(told)["route"], *name);
        let route = route(told, name);
        assert_eq!(
            (&route["direction"], &route["state"]),
            (&json!(direction), &json!(state))
        );
        assert_eq!((&route["open"], &route["opened"]), (&json!(1), &json!(1)));
        assert!(!route["explain"].as_array().unwrap().is_empty());
        assert_eq!(told["totals"]["opened"], 1);
    }
    for (told, name) in [(&outbound, &names[0]), (&gateway, &names[1])] {
        let way = route(told, name);
        assert_eq!(way["endpoints"][0]["state"], "up", "{way:#}");
    }
    // Half of a request, which both ends count as the app has sent it.
    for (told, name) in [(&outbound, &names[0]), (&inbound, &names[2])] {
        assert_eq!(route(told, name)["bytes_to_upstream"], 16, "{told:#}");
    }
    let outgoing = route(&outbound, &names[0]);
    assert_eq!(outgoing["sni"], sni);
    let listens = outgoing["listens"][0].as_str().unwrap();
    assert!(listens.ends_with(&format!(":{}", pod.port)), "{listens}");
    assert_eq!(
        outgoing["identities"],
        json!(["spiffe://cluster.local/ns/demo/sa/*"])
    );
    let explained = outgoing["explain"].to_string();
    let origin = outgoing["origin"].as_str().unwrap();
    assert!(
        origin.contains("hello.yaml:") && explained.contains(origin),
        "{explained}"
    );
    assert_eq!(route(&gateway, &names[1])["sni"], names[1]);

    assert_eq!(outbound["certificates"][0]["name"], "workload");
    for certificate in outbound["certificates"].as_array().unwrap() {
        assert_eq!(certificate["state"], "valid", "{certificate:#}");
    }
    assert_eq!(outbound["certificates"][1]["name"], "root");
    assert_eq!(gateway["certificates"], json!([]));
    for (told, role) in all.into_iter().zip(["shim", "gateway", "shim"]) {
        assert_eq!(told["program"]["role"], role);
        let names: Vec<_> = told["listeners"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| &l["name"])
            .collect();
        assert!(names.contains(&&json!("admin")), "{names:?}");
    }
    let known = outbound["names"]["aliases"].as_u64().unwrap();
    assert!(known >= HELLO.len() as u64, "{known}");

    drop(app);
    let over = |told: &Value| told["totals"]["closed"] == 1;
    let outbound = status_once(&mut clusters, "b-app-shim", over);
    assert_eq!(route(&outbound, &names[0])["open"], 0);
}

#[test]
fn a_route_that_is_broken_is_down_and_says_why() {
    let mut clusters = hello().unwrap();
    let pod = &HELLO[0];
    let visit =
        |clusters: &CountedClusters| clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
    let is = |told: &Value, name: &str, state: &str| route(told, name)["state"] == state;

    // The app is gone, its shim is not.
    clusters.stop("hello-0-app");
    assert!(visit(&clusters).answer.is_none());
    let port = pod.port.to_string();
    let inbound = status_once(&mut clusters, "hello-0-shim", |told| {
        is(told, &port, "down")
    });
    let app = route(&inbound, &port);
    assert_eq!(app["last"]["code"], "dial_refused");
    assert!(
        app["reason"]
            .as_str()
            .unwrap()
            .contains("connection refused"),
        "{app:#}"
    );
    let name = alias_route();
    let outbound = status_once(&mut clusters, "b-app-shim", |told| is(told, &name, "down"));
    assert!(route(&outbound, &name)["reason"].is_string());

    // The pod is gone altogether.
    clusters.stop("hello-0-shim");
    assert!(visit(&clusters).answer.is_none());
    let sni = passed(&pod.dns_name());
    let gateway = status_once(&mut clusters, "gateway", |told| is(told, &sni, "down"));
    let passed = route(&gateway, &sni);
    assert_eq!(passed["endpoints"][0]["state"], "down", "{passed:#}");
    let outbound = status(&mut clusters, "b-app-shim");
    assert_eq!(route(&outbound, &name)["last"]["code"], "pod_unreachable");

    // The gateway is gone.
    clusters.stop("gateway");
    assert!(visit(&clusters).answer.is_none());
    let gone = |told: &Value| route(told, &name)["endpoints"][0]["state"] == "down";
    let outbound = status_once(&mut clusters, "b-app-shim", gone);
    let reason = route(&outbound, &name)["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reason.contains("15443"), "{reason}");

    // All is mended.
    clusters.start_hello_pod(pod).unwrap();
    clusters.start_gateway().unwrap();
    assert!(visit(&clusters).answer.is_some());
    let outbound = status(&mut clusters, "b-app-shim");
    let mended = route(&outbound, &name);
    assert_eq!(
        (&mended["state"], &mended["reason"]),
        (&json!("up"), &Value::Null)
    );
}
