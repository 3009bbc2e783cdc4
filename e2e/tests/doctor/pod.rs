//! Faults of the pod in cluster A, and of its shim.

use std::fs;

use eastwest::clusters::HELLO;
use eastwest_e2e::hello;

use crate::examined::{ask_hello, changed};
use crate::gateway::Frozen;

#[test]
fn a_pod_that_the_gateway_can_not_reach() {
    let mut clusters = hello().unwrap();
    clusters.stop("hello-0-shim");
    ask_hello(&clusters, &[]).finds("pod-unreachable", "a");
}

#[test]
fn a_pod_whose_shim_hangs() {
    let mut clusters = hello().unwrap();
    let _frozen = Frozen::program(&mut clusters, "hello-0-shim");
    ask_hello(&clusters, &[]).finds("pod-silent", "a");
}

#[test]
fn a_pod_that_is_another_one_than_the_gateway_takes_it_for() {
    let mut clusters = hello().unwrap();
    clusters.mistake_pod(&HELLO[0], &HELLO[1]).unwrap();
    ask_hello(&clusters, &[]).finds("wrong-pod", "a");
}

#[test]
fn a_pod_without_an_inbound_shim() {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    // As for a pod behind Istio's sidecar, which is dialled at the app's own port.
    let at_the_app = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: hello-0, namespace: demo}}\n\
         spec:\n  hosts: [{}]\n  location: MESH_INTERNAL\n  resolution: DNS\n  \
         ports: [{{number: 8080, name: http, protocol: HTTP}}]\n",
        HELLO[0].dns_name()
    );
    let path = clusters.manifests().cluster_a().join("at-the-app.yaml");
    fs::write(path, at_the_app).unwrap();
    clusters.start_gateway().unwrap();
    ask_hello(&clusters, &[]).finds("no-inbound-shim", "a");
}

#[test]
fn a_port_that_the_pod_does_not_serve() {
    let clusters = hello().unwrap();
    let file = changed(&clusters, &[("number: 8080", "number: 8081")]);
    // The shim of the pod has other manifests, so that it is left out.
    ask_hello(&clusters, &["--outside"])
        .manifests(&file)
        .finds("port-not-served", "a");
}
