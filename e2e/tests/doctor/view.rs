//! A gateway that tells what it sees: cluster A's half of the way, seen from cluster B.

use eastwest::clusters::HELLO;
use eastwest::stage::Link;
use eastwest_e2e::{CountedClusters, hello};

use crate::examined::{Examined, ask, ask_hello};

/// The clusters, where the gateway tells these identities what it sees.
fn telling(allowed: &str) -> CountedClusters {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    let layout = clusters.layout();
    let certificates = clusters.certificates();
    let identity = certificates.workload("cluster-a", "istio-system", "gateway");
    let args = [
        "--manifests",
        clusters.manifests().cluster_a().to_str().unwrap(),
        "--listen",
        &layout.gateway().to_string(),
        "--name-server",
        &layout.dns_a().to_string(),
        "--probe-identity",
        identity.unwrap().to_str().unwrap(),
        "--probe-allow",
        allowed,
    ]
    .map(str::to_owned);
    clusters
        .start_with("gateway", ("gateway", "gateway"), &args)
        .unwrap();
    clusters
}

pub(crate) fn telling_the_app() -> CountedClusters {
    telling("spiffe://cluster.local/ns/demo/sa/app")
}

/// What was seen of a hop.
fn seen(examined: &Examined, step: &str) -> String {
    let steps = examined.said.pointer("/routes/0/steps").unwrap();
    let mut steps = steps.as_array().unwrap().iter();
    let found = steps.find(|taken| taken["step"] == step).unwrap();
    found["seen"].as_str().unwrap().to_owned()
}

#[test]
fn a_way_without_a_fault_has_what_the_gateway_sees() {
    let clusters = telling_the_app();
    let examined = ask_hello(&clusters, &[]).is_healthy();
    let pod = format!("{}:15444", HELLO[0].dns_name());
    assert_eq!(seen(&examined, "route"), format!("exported, as {pod}"));
    let reached = format!(
        "the gateway connects to {}:15444",
        clusters.layout().pod(&HELLO[0])
    );
    assert_eq!(seen(&examined, "pod-tcp"), reached);
}

#[test]
fn who_may_not_ask_is_told_nothing_and_finds_the_way_all_the_same() {
    let clusters = telling("spiffe://cluster.local/ns/other/sa/*");
    let examined = ask_hello(&clusters, &[]).is_healthy();
    let route = seen(&examined, "route");
    assert!(route.contains("--probe-allow"), "{route}");
    assert!(!route.contains("exported"), "{route}");
}

#[test]
fn a_name_that_is_not_exported() {
    let clusters = telling_the_app();
    ask(&clusters, &["src-secret-0.vault"]).finds("not-exported", "a");
}

#[test]
fn a_pod_whose_name_has_no_address() {
    let clusters = telling_the_app();
    let zone = clusters.layout().zone_without(&HELLO[0]).unwrap();
    clusters.write_zone(&zone).unwrap();
    ask_hello(&clusters, &[]).finds("pod-name-unknown", "a");
}

#[test]
fn name_servers_of_the_gateway_that_do_not_answer() {
    let mut clusters = telling_the_app();
    clusters.stop("a-dns");
    ask_hello(&clusters, &[]).finds("pod-name-failed", "a");
}

#[test]
fn a_pod_without_a_shim() {
    let mut clusters = telling_the_app();
    clusters.stop("hello-0-shim");
    ask_hello(&clusters, &[]).finds("pod-refused", "a");
}

#[test]
fn a_pod_that_does_not_answer() {
    let clusters = telling_the_app();
    let stage = clusters.stage().unwrap();
    stage.set_link("hello-0", "pods-a", Link::Cut).unwrap();
    ask_hello(&clusters, &[]).finds("pod-timeout", "a");
}

#[test]
fn a_pod_at_the_address_of_another_one() {
    let mut clusters = telling_the_app();
    clusters.mistake_pod(&HELLO[0], &HELLO[1]).unwrap();
    ask_hello(&clusters, &[]).finds("wrong-pod", "a");
}
