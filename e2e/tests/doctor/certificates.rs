//! Faults of the files of our own certificate.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use eastwest::certs::{Ca, KeyKind, valid_for};
use eastwest::clusters::Clusters;
use eastwest_e2e::hello;
use eastwest_transport::tls::Validity;

use crate::examined::ask_hello;
use crate::identities::stranger;

const HOUR: Duration = Duration::from_secs(3600);

/// A folder with a certificate of the app of this validity.
fn issued(clusters: &Clusters, validity: Validity) -> PathBuf {
    let folder = clusters.dir().join("ours");
    let certificates = clusters.certificates();
    certificates
        .issue(&folder, "cluster-b", "demo", "app", validity)
        .unwrap();
    folder
}

#[test]
fn files_that_are_not_there() {
    let clusters = hello().unwrap();
    let folder = clusters.dir().join("empty");
    fs::create_dir(&folder).unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("certificate-missing", "b");
}

#[test]
fn a_shim_that_waits_for_its_certificate() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let folder = clusters.dir().join("to-come");
    fs::create_dir(&folder).unwrap();
    let mut shim = clusters.eastwest_on("b-app").unwrap();
    shim.arg("shim").arg("--identity").arg(&folder);
    shim.arg("-f").arg(clusters.manifests().cluster_b());
    let serves = |printed: &str| printed.contains("admin listens on");
    clusters.start("b-app-shim", shim, serves).unwrap();
    // Where the certificate is to be the shim tells.
    ask_hello(&clusters, &[])
        .without_identity()
        .finds("certificate-missing", "b");
}

#[test]
fn a_file_that_is_no_certificate() {
    let clusters = hello().unwrap();
    let folder = issued(&clusters, valid_for(HOUR));
    fs::write(folder.join("cert-chain.pem"), "not a certificate\n").unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("certificate-unreadable", "b");
}

#[test]
fn a_certificate_that_has_expired() {
    let clusters = hello().unwrap();
    let now = SystemTime::now();
    let validity = Validity {
        not_before: now - 2 * HOUR,
        not_after: now - HOUR,
    };
    let folder = issued(&clusters, validity);
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("certificate-expired", "b");
}

#[test]
fn a_certificate_that_is_not_valid_yet() {
    let clusters = hello().unwrap();
    let now = SystemTime::now();
    let validity = Validity {
        not_before: now + HOUR,
        not_after: now + 2 * HOUR,
    };
    let folder = issued(&clusters, validity);
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("certificate-not-yet-valid", "b");
}

#[test]
fn a_key_of_another_certificate() {
    let clusters = hello().unwrap();
    let folder = issued(&clusters, valid_for(HOUR));
    let other = clusters.certificates().workload("cluster-b", "demo", "app");
    fs::copy(other.unwrap().join("key.pem"), folder.join("key.pem")).unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("key-mismatch", "b");
}

#[test]
fn a_root_of_somebody_else() {
    let clusters = hello().unwrap();
    let folder = issued(&clusters, valid_for(HOUR));
    let other = stranger(&clusters, "spiffe://cluster.local/ns/demo/sa/app");
    fs::copy(other.join("root-cert.pem"), folder.join("root-cert.pem")).unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("certificate-other-root", "b");
}

#[test]
fn roots_of_which_none_is_valid() {
    let clusters = hello().unwrap();
    let folder = issued(&clusters, valid_for(HOUR));
    let now = SystemTime::now();
    let validity = Validity {
        not_before: now - 2 * HOUR,
        not_after: now - HOUR,
    };
    let ended = Ca::root("ended", KeyKind::default(), validity).unwrap();
    fs::write(folder.join("root-cert.pem"), ended.roots_pem()).unwrap();
    ask_hello(&clusters, &[])
        .identity(&folder)
        .finds("roots-unusable", "b");
}
