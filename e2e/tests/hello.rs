//! From a name to a pod: what an app in cluster B sees.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::net::SocketAddr;

use eastwest::clusters::{Clusters, HELLO, Pod, SECRET};
use eastwest_e2e::hello;

fn answer(clusters: &Clusters, pod: &Pod) -> Result<String, String> {
    let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
    visit.answer.ok_or_else(|| visit.error.unwrap_or_default())
}

fn logged(clusters: &mut Clusters, program: &str, what: &str) -> bool {
    for _ in 0..100 {
        if clusters.program(program).unwrap().printed().contains(what) {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    false
}

#[test]
fn each_alias_reaches_its_own_pod() {
    let clusters = hello().unwrap();
    for pod in HELLO {
        let said = answer(&clusters, &pod).unwrap();
        assert!(
            said.starts_with(&format!("hello from {},", pod.name)),
            "{said}"
        );
    }
}

#[test]
fn the_app_sees_the_pods_own_address_as_its_caller() {
    let clusters = hello().unwrap();
    let said = answer(&clusters, &HELLO[0]).unwrap();
    assert!(said.contains("you are 10.71.0.10:"), "{said}");
}

#[test]
fn a_pod_that_is_not_exported_is_refused_by_the_gateway() {
    let mut clusters = hello().unwrap();
    assert!(answer(&clusters, &SECRET).unwrap_err().contains("reset"));
    assert!(logged(&mut clusters, "gateway", "not_exported"));
    assert!(logged(&mut clusters, "b-app-shim", "not_exported"));
    assert!(
        !clusters
            .program("secret-0-shim")
            .unwrap()
            .printed()
            .contains("connection ended")
    );
}

#[test]
fn nothing_of_cluster_a_but_the_gateway_can_be_reached() {
    let clusters = hello().unwrap();
    let layout = clusters.layout();
    let pods: Vec<SocketAddr> = Pod::all()
        .flat_map(|pod| [pod.port, 15444].map(|port| SocketAddr::new(layout.pod(&pod), port)))
        .collect();
    for reached in clusters.reach("b-app", &pods).unwrap() {
        assert!(reached.error.is_some(), "{} can be reached", reached.target);
    }
    let gateway = clusters.reach("b-app", [&layout.gateway()]).unwrap();
    assert!(
        gateway.iter().all(|reached| reached.error.is_none()),
        "{gateway:?}"
    );
}

#[test]
fn a_caller_that_is_not_on_the_pods_list_gets_nothing() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let stranger = ("demo", "stranger");
    clusters
        .start_outbound_shim("b-app", stranger, eastwest::clusters::Capture::Vip)
        .unwrap();
    assert!(answer(&clusters, &HELLO[0]).is_err());
    assert!(logged(&mut clusters, "hello-0-shim", "peer_not_allowed"));
    assert!(logged(&mut clusters, "b-app-shim", "refused_by_peer"));
    let counted = clusters.program("b-app-shim").unwrap().counted().unwrap();
    let admin = SocketAddr::new(counted.metrics.ip(), 15000);
    let host = counted.host.clone();
    let told = clusters.told(&host, admin, "/status.json").unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let name = format!("{}:{}", HELLO[0].alias(), HELLO[0].port);
    let mut routes = told["routes"].as_array().unwrap().iter();
    let route = routes.find(|route| route["name"] == name.as_str()).unwrap();
    assert_eq!(
        (&route["state"], &route["last"]["code"]),
        (&"down".into(), &"refused_by_peer".into()),
        "{route:#}"
    );
}

#[test]
fn a_far_end_that_is_somebody_else_is_refused_before_a_byte() {
    let mut clusters = hello().unwrap();
    // hello-0 comes back with the identity of another namespace.
    clusters.stop("hello-0-shim");
    let impostor = clusters
        .certificates()
        .workload("cluster-a", "vault", "vault")
        .unwrap();
    let real = clusters
        .certificates()
        .workload("cluster-a", "demo", "hello")
        .unwrap();
    for file in ["cert-chain.pem", "key.pem", "root-cert.pem"] {
        std::fs::copy(impostor.join(file), real.join(file)).unwrap();
    }
    // The policy of namespace vault lets the app in, so that only the app's own shim can object.
    clusters.start_inbound_shim(&HELLO[0]).unwrap();
    assert!(answer(&clusters, &HELLO[0]).is_err());
    assert!(logged(&mut clusters, "b-app-shim", "peer_not_allowed"));
}

#[test]
fn a_pod_that_comes_back_with_another_address_is_found() {
    let mut clusters = hello().unwrap();
    let pod = HELLO[0];
    answer(&clusters, &pod).unwrap();
    clusters
        .move_hello_pod(&pod, "10.71.0.99/24".parse().unwrap())
        .unwrap();
    let said = answer(&clusters, &pod).unwrap();
    assert!(
        said.starts_with("hello from hello-0, you are 10.71.0.99:"),
        "{said}"
    );
}

#[test]
fn a_pod_with_the_address_of_another_one_is_not_taken_for_it() {
    let mut clusters = hello().unwrap();
    // Both have the same identity; only the pod itself can tell.
    clusters.mistake_pod(&HELLO[0], &HELLO[1]).unwrap();
    let error = answer(&clusters, &HELLO[0]).unwrap_err().to_string();
    assert!(!error.contains("hello-1"), "{error}");
    assert!(logged(&mut clusters, "hello-1-shim", "wrong_pod"));
    answer(&clusters, &HELLO[1]).unwrap();
    clusters.mistake_pod(&HELLO[0], &HELLO[0]).unwrap();
}
