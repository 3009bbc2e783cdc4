//! What a person reads, also of a slip.

use std::process::{Command, Output};

use eastwest_e2e::{eastwest, rendered::deploy};

/// About the demo's manifests, from nowhere near their pods.
fn doctor(args: &[&str]) -> (Option<i32>, String, String) {
    let manifests = deploy().join("demo/cluster-b");
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(eastwest())
        .arg("doctor")
        .args(args)
        .args(["--outside", "--dns", "127.0.0.1:5399"])
        .arg("-f")
        .arg(manifests)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

#[test]
fn a_slip_in_an_alias_is_answered_with_the_right_one() {
    let (status, out, err) = doctor(&["src-helo-1", "--identity", "/nowhere"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(
        err.ends_with("did you mean src-hello-1.demo.svc.cluster.local?\n"),
        "{err}"
    );
    let (_, _, err) = doctor(&["hello-1", "--identity", "/nowhere"]);
    assert!(
        err.ends_with("did you mean src-hello-1.demo.svc.cluster.local?\n"),
        "{err}"
    );
}

#[test]
fn a_port_is_taken_with_an_alias() {
    let (status, out, _) = doctor(&["src-hello-1:8080", "--identity", "/nowhere"]);
    assert_eq!(status, Some(1));
    assert!(
        out.starts_with("src-hello-1.demo.svc.cluster.local:8080\n"),
        "{out}"
    );
    let (status, _, err) = doctor(&["src-hello-1:8081", "--identity", "/nowhere"]);
    assert_eq!(status, Some(2));
    assert!(err.ends_with(" has no port 8081, it has 8080\n"), "{err}");
}

#[test]
fn nothing_to_look_at_is_wrong_usage() {
    let (status, _, err) = doctor(&["--identity", "/nowhere"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("ALIAS") && err.contains("--all"), "{err}");
    let (status, _, err) = doctor(&[
        "src-hello-1",
        "-f",
        "/nowhere.yaml",
        "--identity",
        "/nowhere",
    ]);
    assert_eq!(status, Some(2));
    assert!(err.contains("/nowhere.yaml can't be read"), "{err}");
}

#[test]
fn without_manifests_there_is_nothing_to_look_at_from_outside() {
    let mut doctor = Command::new(eastwest());
    doctor.args(["doctor", "--all", "--outside"]);
    let manifests = deploy().join("demo/cluster-b");
    // What is meant for a shim is not this program's, where it is not in the pod.
    doctor.env("EASTWEST_MANIFESTS", manifests);
    let output = doctor.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.contains("with --outside") && err.ends_with("give -f\n"),
        "{err}"
    );
}

#[test]
fn a_broken_hop_ends_with_a_sentence_and_a_command() {
    let (status, out, _) = doctor(&["src-hello-1", "--identity", "/nowhere"]);
    assert_eq!(status, Some(1));
    let lines: Vec<&str> = out.lines().collect();
    let [alias, made, broken, sentence, next, "", count] = lines.as_slice() else {
        panic!("{out}")
    };
    assert_eq!(*alias, "src-hello-1.demo.svc.cluster.local:8080");
    assert!(made.starts_with("  ok      manifests "), "{made}");
    assert!(broken.starts_with("  broken  certificate "), "{broken}");
    assert!(broken.contains("/nowhere"), "{broken}");
    assert_eq!(
        *sentence,
        "  in cluster B (the replica's): our certificate, its key or the roots are missing \
         [certificate-missing]"
    );
    assert_eq!(*next, "  try: ls -lL /nowhere");
    assert_eq!(*count, "broken: 1 of 1");
}

#[test]
fn a_file_that_is_no_yaml_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.yaml");
    std::fs::write(
        &file,
        "kind: ServiceEntry\nmetadata: {name: src-db-0\nspec: {}\n",
    )
    .unwrap();
    let place = format!("{}:3:", file.display());
    let file = file.to_str().unwrap();
    // One that may be in it is not there, and of another one all is said that can be.
    let (status, _, err) = doctor(&["src-db-0", "-f", file]);
    assert_eq!(status, Some(2));
    assert!(err.contains(&place) && err.contains("[EW001]"), "{err}");
    let (status, out, _) = doctor(&["src-hello-1", "-f", file, "--identity", "/nowhere"]);
    assert_eq!(status, Some(1));
    assert!(out.starts_with("note: ") && out.contains(&place), "{out}");
}

#[test]
fn standard_input_is_not_read_twice() {
    let (status, out, err) = doctor(&["src-hello-1", "-f", "-", "--wait", "1s"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(
        err.ends_with("standard input can be read once: give a file\n"),
        "{err}"
    );
}
