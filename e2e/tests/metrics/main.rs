//! What running servers expose to Prometheus, and that what `deploy/observe` asks for is there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod exposition;
mod queries;

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use eastwest::clusters::{Capture, HELLO};
use eastwest_e2e::{CountedClusters, hello};

use exposition::Exposition;

/// A gateway, the shims of pods and one of an app with a resolver in it, all of which have carried
/// something; with what each exposes.
fn scraped() -> (CountedClusters, Vec<(String, String)>) {
    let mut clusters = hello().unwrap();
    for pod in &HELLO {
        let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
        assert!(visit.answer.is_some(), "{visit:?}");
    }
    // A name that is no alias, which the resolver asks about.
    let _elsewhere = clusters.visit("b-app", "kubernetes.default.svc.cluster.local", 1);
    let names: Vec<_> = clusters.names().map(str::to_owned).collect();
    let mut texts = Vec::new();
    for name in names {
        let counted = clusters.program(&name).unwrap().counted().cloned();
        if let Some(counted) = counted {
            let text = clusters.scrape(&counted.host, counted.metrics).unwrap();
            texts.push((name, text));
        }
    }
    let servers = texts.iter().map(|(name, _)| name.as_str());
    let servers: BTreeSet<_> = servers.collect();
    assert!(servers.contains("gateway") && servers.contains("b-app-shim"));
    (clusters, texts)
}

#[test]
fn each_server_keeps_to_the_rules_of_prometheus() {
    let (mut clusters, mut texts) = scraped();
    clusters.stop("b-app-shim");
    clusters
        .start_outbound_shim_alone("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    clusters.start_resolver("b-app", Capture::Vip).unwrap();
    let resolver = clusters.program("b-app-resolver").unwrap();
    let counted = resolver.counted().unwrap().clone();
    let text = clusters.scrape(&counted.host, counted.metrics).unwrap();
    texts.push(("b-app-resolver".to_owned(), text));
    for (server, text) in &texts {
        let exposition = Exposition::of(text);
        let faults = exposition.faults();
        assert!(faults.is_empty(), "{server}: {faults:#?}\n{text}");
        assert!(exposition.families() > 10, "{server}: {text}");
    }
}

#[test]
fn istios_metrics_say_who_and_how_much() {
    let (_clusters, texts) = scraped();
    let text = |server: &str| {
        let of = texts.iter().find(|(name, _)| name == server);
        of.map(|(_, text)| text.as_str()).unwrap()
    };
    let (app, called) = (
        "spiffe://cluster.local/ns/demo/sa/app",
        "spiffe://cluster.local/ns/demo/sa/hello",
    );
    for pod in &HELLO {
        let caller = Exposition::of(text("b-app-shim"));
        let alias = pod.alias();
        let labels = [
            ("reporter", "source"),
            ("source_principal", app),
            ("destination_principal", called),
            ("destination_service", alias.as_str()),
            ("connection_security_policy", "mutual_tls"),
        ];
        assert_eq!(
            caller.sum("istio_tcp_connections_opened_total", &labels),
            1.0
        );
        assert_eq!(
            caller.sum("istio_tcp_connections_closed_total", &labels),
            1.0
        );
        let shim = Exposition::of(text(&format!("{}-shim", pod.name)));
        let proved = [
            ("reporter", "destination"),
            ("source_principal", app),
            ("destination_principal", called),
        ];
        for metric in [
            "istio_tcp_received_bytes_total",
            "istio_tcp_sent_bytes_total",
        ] {
            let bytes = caller.sum(metric, &labels);
            assert!(bytes > 0.0, "{metric}");
            assert_eq!(shim.sum(metric, &proved), bytes, "{metric}");
        }
        let gateway = Exposition::of(text("gateway"));
        let passed = gateway.sum("istio_tcp_sent_bytes_total", &[("reporter", "gateway")]);
        assert!(passed > 0.0);
    }
    for waits in [
        "eastwest_handshake_seconds_count",
        "eastwest_dial_seconds_count",
    ] {
        for (server, direction) in [
            ("b-app-shim", "outbound"),
            ("gateway", "passthrough"),
            ("hello-0-shim", "inbound"),
        ] {
            let count = Exposition::of(text(server)).sum(waits, &[("direction", direction)]);
            assert!(count >= 1.0, "{server}: {waits}");
        }
    }
}

#[test]
fn routes_and_the_end_of_the_certificate_are_told() {
    let (mut clusters, texts) = scraped();
    let mut compared = 0;
    for (name, text) in &texts {
        let counted = clusters.program(name).unwrap().counted().unwrap().clone();
        let admin = SocketAddr::new(counted.metrics.ip(), 15000);
        let told = clusters.told(&counted.host, admin, "/status.json").unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let exposition = Exposition::of(text);
        for (state, count) in told["routes_by_state"].as_object().unwrap() {
            let labels = [("state", state.as_str())];
            let metric = exposition.sum("eastwest_routes", &labels);
            assert_eq!(Some(metric), count.as_f64(), "{name}: {state}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * texts.len());
    let of_shim = texts.iter().find(|(name, _)| name == "b-app-shim");
    let shim = Exposition::of(of_shim.map(|(_, text)| text.as_str()).unwrap());
    let routes = |state| shim.sum("eastwest_routes", &[("state", state)]);
    assert_eq!(routes("up"), HELLO.len() as f64);
    assert_eq!(routes("down"), 0.0);
    // That of the one which is not exported, which its own cluster can't know.
    assert!(routes("unknown") > 0.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for end in ["certificate", "root"] {
        let metric = format!("eastwest_{end}_expiry_timestamp_seconds");
        let left = shim.sum(&metric, &[]) - now.as_secs_f64();
        assert!(left > 0.0, "{metric}: {left} s left");
    }
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_what_is_there() {
    let (_clusters, texts) = scraped();
    let all: String = texts.into_iter().map(|(_, text)| text).collect();
    let exposition = Exposition::of(&all);
    let observe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/observe");
    let read = |file: &str| -> String {
        let path: PathBuf = observe.join(file);
        fs::read_to_string(path).unwrap()
    };
    let dashboard: serde_json::Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    queries::in_dashboard(&dashboard, &mut expressions);
    assert!(expressions.len() > 15, "{expressions:?}");
    let rules = read("alerts.yaml");
    let alerts = queries::in_alerts(&rules);
    assert_eq!(alerts.len(), rules.matches("- alert: ").count());
    assert!(alerts.len() >= 8, "{alerts:?}");
    expressions.extend(alerts);
    let mut unknown = Vec::new();
    for expression in &expressions {
        let asked = queries::selectors(expression);
        assert!(!asked.is_empty(), "no metric in {expression}");
        for selector in asked {
            if !exposition.answers(&selector) {
                unknown.push(format!("{selector:?} in {expression}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_metric_or_label_that_is_not_there_is_noticed() {
    let exposition = Exposition::of("# TYPE a_total counter\na_total{b=\"c\"} 1\n");
    let answered = |text| {
        let selectors = queries::selectors(text);
        selectors.iter().all(|one| exposition.answers(one))
    };
    assert!(answered("rate(a_total{job=~\"$job\", b=\"c\"}[5m])"));
    assert!(!answered("rate(eastwest_b_total[5m])"));
    assert!(!answered("a_total{d=\"c\"}"));
}
