//! The files of `deploy/istio`, which Istio is given, loaded as they are by our own programs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use eastwest::clusters::{Capture, Clusters, HELLO, Layout, Pod, Visit};
use eastwest_e2e::CountedClusters;

const EXPORTS: &str = "istio/cluster-a/hello/exports/gateway.yaml";
const CALLERS: &str = "istio/cluster-a/hello/callers/authorization-policy.yaml";
const POD_PORTS: &str = "mixed/our-gateway/pod-ports/hello.yaml";
const ALIASES: [&str; 2] = [
    "istio/cluster-b/hello/aliases/service-entries.yaml",
    "istio/cluster-b/hello/aliases/destination-rules.yaml",
];

/// Puts copies of these files, and nothing else, into a folder of manifests.
fn fill(folder: &Path, files: &[&str]) {
    fs::remove_dir_all(folder).unwrap();
    fs::create_dir(folder).unwrap();
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    for (number, file) in files.iter().enumerate() {
        fs::copy(deploy.join(file), folder.join(format!("{number}.yaml"))).unwrap();
    }
}

/// Both clusters with files of `deploy/`. Cluster B redirects, as the sidecar does that it stands for.
fn deployed(cluster_a: &[&str]) -> CountedClusters {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    fill(&clusters.manifests().cluster_a(), cluster_a);
    fill(&clusters.manifests().cluster_b(), &ALIASES);
    clusters.start_dns().unwrap();
    for pod in &HELLO {
        clusters.start_hello_pod(pod).unwrap();
    }
    clusters.start_gateway().unwrap();
    clusters.lay_capture("b-app").unwrap();
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Redirect)
        .unwrap();
    clusters
}

fn visit(clusters: &Clusters, pod: &Pod) -> Visit {
    clusters.visit("b-app", &pod.alias(), pod.port).unwrap()
}

#[test]
fn each_alias_has_the_address_in_its_file_and_reaches_its_pod() {
    let clusters = deployed(&[EXPORTS, CALLERS]);
    for (pod, address) in HELLO
        .iter()
        .zip(["240.240.8.10", "240.240.8.11", "240.240.8.12"])
    {
        let visit = visit(&clusters, pod);
        assert_eq!(visit.address.unwrap().to_string(), address);
        let said = visit.answer.ok_or(visit.error).unwrap();
        assert!(
            said.starts_with(&format!("hello from {},", pod.name)),
            "{said}"
        );
    }
}

/// No sidecar is there to take it; the port that the gateway dials is what counts.
#[test]
fn the_pod_ports_make_our_gateway_dial_what_istios_sidecar_captures() {
    let mut clusters = deployed(&[EXPORTS, CALLERS, POD_PORTS]);
    let pod = &HELLO[0];
    let dialled = format!("{}:{}", clusters.layout().pod(pod), pod.port);
    assert!(visit(&clusters, pod).answer.is_none());
    for _ in 0..500 {
        if clusters
            .program("gateway")
            .unwrap()
            .printed()
            .contains(&dialled)
        {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{}", clusters.program("gateway").unwrap().printed());
}
