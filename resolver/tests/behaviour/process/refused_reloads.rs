//! Manifests that have become worse while the process runs.

use std::os::unix::fs::symlink;

use super::*;

/// A ConfigMap's volume: files lead through `..data`, which the kubelet swaps.
fn mount(folder: &TempDir, version: &str, files: &[(&str, &str)]) {
    let data = folder.path().join(version);
    fs::create_dir(&data).unwrap();
    for (name, text) in files {
        fs::write(data.join(name), text).unwrap();
        // There already, from the version before.
        let _ = symlink(format!("..data/{name}"), folder.path().join(name));
    }
    symlink(version, folder.path().join("..data_tmp")).unwrap();
    fs::rename(
        folder.path().join("..data_tmp"),
        folder.path().join("..data"),
    )
    .unwrap();
}

#[tokio::test]
async fn a_broken_object_leaves_all_aliases_as_they_are_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (zero, one) = (
        service_entry("hello-0", "127.64.9.1"),
        service_entry("hello-1", "127.64.9.2"),
    );
    mount(&folder, "..1", &[("zero.yaml", &zero), ("one.yaml", &one)]);
    let mut program = start(&folder, UNUSED);
    let moved = zero.replace("127.64.9.1", "127.64.9.9");
    let bad = one.replace("number: 8080", "number: http");
    mount(&folder, "..2", &[("zero.yaml", &moved), ("one.yaml", &bad)]);
    program.wait_for("manifests not taken");
    let line = program.wait_for("error[EW005]");
    assert!(line.contains("/one.yaml:9:"), "{line}");
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
    let other = "src-hello-1.demo.svc.cluster.local.";
    assert_eq!(answer(&program, other).await, ["127.64.9.2"]);
    let metrics = program.get("metrics", "/metrics");
    for line in [
        "eastwest_reloads_total{what=\"manifests\",outcome=\"failed\"} 1",
        "eastwest_config_last_reload_successful{what=\"manifests\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let shown = program.get("admin", "/manifests");
    assert!(
        shown.contains("older_than_the_files") && shown.contains("/one.yaml:9:"),
        "{shown}"
    );

    mount(&folder, "..3", &[("zero.yaml", &moved), ("one.yaml", &one)]);
    let line = program.wait_for("manifests read again");
    assert!(
        line.contains("routes changed: src-hello-0.demo.svc.cluster.local:8080"),
        "{line}"
    );
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.9"]);
    let metrics = program.get("metrics", "/metrics");
    let last = "eastwest_config_last_reload_successful{what=\"manifests\"} 1";
    assert!(metrics.contains(last), "{metrics}");
    let shown = program.get("admin", "/manifests");
    assert!(shown.contains("\"current\""), "{shown}");
}

#[tokio::test]
async fn sighup_tells_again_what_is_wrong_with_a_plain_file() {
    let folder = folder();
    let mut program = start(&folder, UNUSED);
    write(&folder, "hello-0.yaml", "kind: [\n");
    program.wait_for("manifests not taken");
    program.wait_for("hello-0.yaml:1:");
    program.signal(Signal::HUP);
    program.wait_for("SIGHUP");
    program.wait_for("manifests not taken");
    let line = program.wait_for("error[EW001]");
    assert!(line.contains("hello-0.yaml:1:"), "{line}");
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
}
