//! What is told of certificates, while they are good, about to end, and over.

use std::time::Duration;

use eastwest::certs::valid_for;
use eastwest_e2e::hello;

use super::commands::{eastwest, on};
use super::{status, status_once};

#[test]
fn the_certificates_of_a_server_are_shown() {
    let clusters = hello().unwrap();
    let (code, out, _) = eastwest(&clusters, &["certs", "show"]);
    assert_eq!(code, 0, "{out}");
    let row = |of: &str| {
        out.lines()
            .find(|line| line.contains(of))
            .unwrap()
            .to_owned()
    };
    let workload = row("spiffe://cluster.local/ns/demo/sa/app");
    assert!(
        workload.trim_start().starts_with("valid ") && workload.contains("cert-chain.pem"),
        "{out}"
    );
    assert!(row("root-cert.pem").contains(" root "), "{out}");
    let (code, out, _) = on(&clusters, "gateway", &["certs", "show"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "this server has no certificate\n")
    );
    let (_, help, _) = eastwest(&clusters, &["certs", "--help"]);
    assert!(help.contains("show "), "{help}");
}

#[test]
fn a_certificate_that_ends_is_told_before_and_after() {
    let mut clusters = hello().unwrap();
    let (_, out, _) = eastwest(&clusters, &["certs", "show"]);
    assert!(!out.contains("nobody has replaced"), "{out}");
    let dir = clusters
        .certificates()
        .workload("cluster-b", "demo", "app")
        .unwrap();
    let issue = |clusters: &eastwest_e2e::CountedClusters, seconds| {
        let validity = valid_for(Duration::from_secs(seconds));
        let certificates = clusters.certificates();
        certificates
            .issue(&dir, "cluster-b", "demo", "app", validity)
            .unwrap();
    };
    issue(&clusters, 1800);
    let told = status_once(&mut clusters, "b-app-shim", |told| {
        told["certificates"][0]["state"] == "expiring" && told["reload"]["what"] == "certificate"
    });
    assert_eq!(told["reload"]["outcome"], "ok");
    let (code, out, _) = eastwest(&clusters, &["certs", "show"]);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("it ends within the hour"), "{out}");
    assert_eq!(eastwest(&clusters, &["status"]).0, 0);

    // What it says of itself follows the clock; that the process is not ready, half a minute later at most.
    issue(&clusters, 12);
    status_once(&mut clusters, "b-app-shim", |told| {
        told["certificates"][0]["state"] == "expired"
    });
    let (_, out, _) = eastwest(&clusters, &["status"]);
    assert!(out.contains(": expired, over for "), "{out}");
    let (code, out, _) = eastwest(&clusters, &["certs", "show"]);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("it has ended, and peers refuse it"), "{out}");
    let other = status(&mut clusters, "hello-0-shim");
    assert_eq!(other["certificates"][0]["state"], "valid");
}
