//! Faults of who the two ends are to each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::{CountedClusters, hello};

use crate::examined::{ask_hello, changed};

/// How long a certificate is good that ends while its shim runs.
pub(crate) const SHORT: Duration = Duration::from_secs(4);
/// A certificate's last second counts whole.
pub(crate) const A_SECOND: Duration = Duration::from_secs(2);

const FILES: [&str; 3] = ["cert-chain.pem", "key.pem", "root-cert.pem"];

/// A certificate of that identity by a root that nobody has.
pub(crate) fn stranger(clusters: &Clusters, id: &str) -> PathBuf {
    let validity = valid_for(Duration::from_secs(3600));
    let root = Ca::root("another root", KeyKind::default(), validity).unwrap();
    let request = WorkloadRequest {
        id: id.parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::default(),
        validity,
    };
    let folder = clusters.dir().join("stranger");
    let issued = root.workload(&request).unwrap();
    issued.write(&folder, Overwrite::Replace).unwrap();
    folder
}

/// Both roots in one file, as while one follows the other.
fn trust(folder: &Path, other: &Path) {
    let [own, other] = [folder, other].map(|folder| folder.join("root-cert.pem"));
    let both = fs::read_to_string(&own).unwrap() + &fs::read_to_string(other).unwrap();
    fs::write(own, both).unwrap();
}

/// The clusters, where the first pod comes back with these files.
fn with_pod(change: impl FnOnce(&Clusters, &Path)) -> CountedClusters {
    let mut clusters = hello().unwrap();
    clusters.stop("hello-0-shim");
    let certificates = clusters.certificates();
    let folder = certificates.workload("cluster-a", "demo", "hello").unwrap();
    change(&clusters, &folder);
    clusters.start_inbound_shim(&HELLO[0]).unwrap();
    clusters
}

fn copy(from: &Path, to: &Path) {
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

#[test]
fn a_pod_of_another_root() {
    let clusters = with_pod(|clusters, folder| {
        let other = stranger(clusters, "spiffe://cluster.local/ns/demo/sa/hello");
        copy(&other, folder);
    });
    ask_hello(&clusters, &[]).finds("pod-other-root", "a");
}

#[test]
fn a_pod_of_another_trust_domain() {
    let clusters = with_pod(|clusters, folder| {
        let other = stranger(clusters, "spiffe://elsewhere/ns/demo/sa/hello");
        copy(&other, folder);
    });
    let app = clusters.certificates().workload("cluster-b", "demo", "app");
    let ours = clusters.dir().join("ours");
    fs::create_dir(&ours).unwrap();
    copy(&app.unwrap(), &ours);
    trust(&ours, &clusters.dir().join("stranger"));
    ask_hello(&clusters, &[])
        .identity(&ours)
        .finds("pod-other-trust-domain", "a");
}

#[test]
fn a_pod_of_another_account() {
    let clusters = with_pod(|clusters, folder| {
        let certificates = clusters.certificates();
        let other = certificates.workload("cluster-a", "vault", "vault");
        copy(&other.unwrap(), folder);
    });
    ask_hello(&clusters, &[]).finds("pod-other-account", "a");
}

#[test]
fn a_pod_that_does_not_have_us_on_its_list() {
    let clusters = hello().unwrap();
    let other = clusters
        .certificates()
        .workload("cluster-b", "demo", "stranger");
    ask_hello(&clusters, &[])
        .identity(&other.unwrap())
        .finds("identity-not-allowed", "a");
}

#[test]
fn a_pod_that_does_not_have_our_root() {
    let clusters = hello().unwrap();
    let ours = stranger(&clusters, "spiffe://cluster.local/ns/demo/sa/app");
    let app = clusters.certificates().workload("cluster-b", "demo", "app");
    trust(&ours, &app.unwrap());
    ask_hello(&clusters, &[])
        .identity(&ours)
        .finds("our-root-unknown", "a");
}

#[test]
fn a_pod_whose_certificate_does_not_name_it() {
    let clusters = hello().unwrap();
    let asks = "metadata:\n  annotations: {eastwest.dev/verify-pod-name: \"true\"}";
    let file = changed(&clusters, &[("metadata:", asks)]);
    ask_hello(&clusters, &[])
        .manifests(&file)
        .finds("pod-other-name", "a");
}

#[test]
fn a_pod_whose_certificate_ends_while_it_runs() {
    let clusters = with_pod(|clusters, folder| {
        let certificates = clusters.certificates();
        let soon = valid_for(SHORT);
        certificates
            .issue(folder, "cluster-a", "demo", "hello", soon)
            .unwrap();
    });
    sleep(SHORT + A_SECOND);
    ask_hello(&clusters, &[]).finds("pod-certificate-expired", "a");
}
