//! The program has no TLS of its own, and says so before it reads a key.

use std::process::Command;

#[test]
fn a_key_to_be_asked_by_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let manifests = dir.path().join("gateway.yaml");
    std::fs::write(&manifests, "# nothing is exported\n").unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_eastwest-gateway"))
        .env_clear()
        .args(["-f".as_ref(), manifests.as_os_str()])
        .args(["--listen", "127.0.0.1:0", "--probe-identity"])
        .arg(dir.path())
        .args(["--probe-allow", "spiffe://cluster.local/ns/x/sa/*"])
        .args(["--ready-address=off", "--admin-address=off"])
        .arg("--metrics-address=off")
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(
        said.contains("`eastwest gateway` is the same with it"),
        "{said}"
    );
    // It has not even looked for one.
    assert!(!said.contains("cert-chain.pem"), "{said}");
}
