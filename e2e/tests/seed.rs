//! The manifests that users of the Istio demo have, byte for byte, in the demo's clusters.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use eastwest::clusters::{Capture, HELLO, Layout};
use eastwest::mysql::Flavor;
use eastwest_e2e::{CountedClusters, installed};

fn seed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mesh/tests/seed")
}

/// Both clusters with the seed's files in place of the demo's. Only who may call stays from those:
/// the seed says nothing of it, and nobody is let in who is not named.
fn clusters() -> CountedClusters {
    let clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    let (a, b) = (
        clusters.manifests().cluster_a(),
        clusters.manifests().cluster_b(),
    );
    fs::remove_file(a.join("gateway.yaml")).unwrap();
    fs::remove_dir_all(&b).unwrap();
    fs::create_dir(&b).unwrap();
    let mut copied = 0;
    for file in fs::read_dir(seed()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name();
        let of_b = name.to_str().unwrap().starts_with("src-");
        fs::copy(file.path(), if of_b { &b } else { &a }.join(&name)).unwrap();
        copied += 1;
    }
    assert_eq!(copied, 8);
    clusters
}

#[test]
fn each_alias_reaches_its_own_pod() {
    let mut clusters = clusters();
    clusters.start_dns().unwrap();
    clusters.start_cluster_a().unwrap();
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    for pod in HELLO {
        let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
        let said = visit.answer.unwrap();
        let hello = format!("hello from {},", pod.name);
        assert!(said.starts_with(&hello), "{said}");
    }
}

#[test]
fn a_replica_follows_its_source() {
    let Some(installed) = installed(Flavor::MySql, "a_replica_follows_its_source") else {
        return;
    };
    let mut clusters = clusters();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    let databases = clusters.start_databases(&installed).unwrap();
    databases.replicate().unwrap();
}
