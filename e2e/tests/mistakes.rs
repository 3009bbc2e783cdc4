//! What a person reads when something is mistyped, missing or taken.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest_e2e::eastwest;
use tempfile::TempDir;

/// Bad configuration, `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: i32 = 78;

/// Runs a server that is expected to end by itself.
fn ends(args: &[&str]) -> (Option<i32>, String) {
    let off = [
        "--ready-address",
        "off",
        "--metrics-address",
        "off",
        "--admin-address",
        "off",
    ];
    let Output { status, stderr, .. } = Command::new(eastwest())
        .args(args)
        .args(off)
        .output()
        .unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

fn valid() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let validity = valid_for(Duration::from_secs(3600));
    let root = Ca::root("root", KeyKind::default(), validity).unwrap();
    let request = WorkloadRequest {
        id: "spiffe://cluster.local/ns/demo/sa/app".parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::default(),
        validity,
    };
    root.workload(&request)
        .unwrap()
        .write(dir.path(), Overwrite::Replace)
        .unwrap();
    dir
}

fn shim_with(identity: &Path) -> (Option<i32>, String) {
    let identity = identity.to_str().unwrap();
    ends(&[
        "shim",
        "--identity",
        identity,
        "--inbound",
        "3306",
        "--allow",
        "spiffe://a/*",
    ])
}

#[test]
fn a_folder_for_the_certificate_that_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (status, said) = shim_with(&dir.path().join("identiti"));
    assert_eq!(status, Some(BAD_CONFIGURATION), "{said}");
    assert!(
        said.contains("--identity") && said.contains("/identiti: "),
        "{said}"
    );
}

#[test]
fn a_certificate_that_is_none_is_named() {
    let dir = valid();
    fs::write(dir.path().join("cert-chain.pem"), "nothing").unwrap();
    let (status, said) = shim_with(dir.path());
    assert_eq!(status, Some(BAD_CONFIGURATION), "{said}");
    assert!(said.contains("cert-chain.pem"), "{said}");
}

#[test]
fn a_key_of_another_certificate_is_named() {
    let (dir, other) = (valid(), valid());
    fs::copy(other.path().join("key.pem"), dir.path().join("key.pem")).unwrap();
    let (status, said) = shim_with(dir.path());
    assert_eq!(status, Some(BAD_CONFIGURATION), "{said}");
    assert!(
        said.contains("key.pem") && said.contains("cert-chain.pem"),
        "{said}"
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_the_flag_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let manifests = dir.path().to_str().unwrap();
    let (status, said) = ends(&["gateway", "-f", manifests, "--listen", &address]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
    assert!(said.contains("--listen"), "{said}");
}

#[test]
fn a_manifest_that_is_not_there_is_named() {
    let (status, said) = ends(&["gateway", "-f", "/nowhere/gateway.yaml"]);
    assert_eq!(status, Some(BAD_CONFIGURATION), "{said}");
    assert!(
        said.contains("/nowhere/gateway.yaml: there is no such file"),
        "{said}"
    );
}

#[test]
fn a_mistyped_flag_is_answered_with_the_right_one() {
    let (status, said) = ends(&["gateway", "--manifest", "x.yaml"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("--manifests"), "{said}");
}

#[test]
fn an_inbound_port_without_anybody_who_may_call_is_refused() {
    let dir = valid();
    let (status, said) = ends(&[
        "shim",
        "--identity",
        dir.path().to_str().unwrap(),
        "--inbound",
        "3306",
    ]);
    assert_eq!(status, Some(BAD_CONFIGURATION), "{said}");
    assert!(
        said.contains("--allow 'spiffe://cluster.local/ns/demo/sa/*'"),
        "{said}"
    );
}
