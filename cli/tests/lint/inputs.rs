//! Files, folders and standard input.

use super::{CLEAN, FAULTY, complained, eastwest, folder, said, status, with_stdin};

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306}]
";

#[test]
fn standard_input_is_read() {
    let output = with_stdin(&["lint", "-"], FAULTY);
    assert_eq!(status(&output), 1);
    assert!(
        said(&output).contains("<stdin>:11:14: error[EW102]"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_folder_is_read_with_all_below_it_and_without_what_is_no_manifest() {
    let folder = folder(&[
        ("all/a/faulty.yaml", FAULTY),
        ("all/b/gateway.yml", CLEAN),
        ("all/kustomization.yaml", "resources: [a]\n"),
        ("all/.git/x.yaml", "- nothing\n"),
        ("all/package.json", "{}\n"),
        ("all/notes.txt", "- nothing\n"),
    ]);
    let output = said(&eastwest(folder.path(), &["lint", "all"]));
    assert!(
        output.ends_with("in 2 files; --fix mends 3 of them\n"),
        "{output}"
    );
    let empty = super::folder(&[]);
    let output = eastwest(empty.path(), &["lint", "."]);
    assert_eq!(status(&output), 2);
    assert!(
        complained(&output).contains("has no .yaml"),
        "{}",
        complained(&output)
    );
}

#[test]
fn folders_are_clusters_unless_told_otherwise() {
    let entry = FAULTY.replace("ports: {mysql", "serviceAccount: db\n    ports: {mysql");
    let folder = folder(&[
        ("a/gateway.yaml", CLEAN),
        ("b/entry.yaml", &entry),
        ("b/service.yaml", SERVICE),
    ]);
    let args = ["lint", "a", "b"];
    let output = said(&eastwest(folder.path(), &args));
    assert!(
        output.contains("EW101"),
        "the Service is in the client's cluster: {output}"
    );
    let one = eastwest(folder.path(), &["lint", "--one-cluster", "a", "b"]);
    assert_eq!(
        (status(&one), said(&one).as_str()),
        (0, "nothing found in 3 files\n")
    );
}

#[test]
fn a_file_that_is_named_twice_counts_once() {
    let folder = folder(&[("a/gateway.yaml", CLEAN)]);
    let output = eastwest(
        folder.path(),
        &["lint", "a", "a/gateway.yaml", "./a/gateway.yaml"],
    );
    assert_eq!(said(&output), "nothing found in 1 file\n");
}

#[test]
fn codes_that_are_ignored_are_not_told_and_do_not_count() {
    let folder = folder(&[("a/gateway.yaml", CLEAN), ("b/entry.yaml", FAULTY)]);
    let lint = |args: &[&str]| {
        let all = [&["lint", "."], args].concat();
        eastwest(folder.path(), &all)
    };
    for args in [
        &["--ignore", "EW101,ew102", "--ignore", "EW106"][..],
        &["--ignore=EW106", "--ignore=EW102", "--ignore=EW101"],
    ] {
        let output = lint(args);
        let result = (status(&output), said(&output));
        assert_eq!(result, (0, "nothing found in 2 files\n".to_owned()));
    }
    let some = lint(&["--ignore", "EW101"]);
    assert_eq!(status(&some), 1);
    assert!(!said(&some).contains("EW101") && said(&some).contains("EW106"));
}

#[test]
fn a_code_to_ignore_that_does_not_exist_is_wrong_usage() {
    let folder = folder(&[("a.yaml", CLEAN)]);
    let output = eastwest(folder.path(), &["lint", "--ignore", "EX101", "."]);
    assert_eq!(status(&output), 2);
    let said = complained(&output);
    assert!(said.contains("did you mean EW101?"), "{said}");
}

#[test]
fn of_a_file_that_is_no_yaml_only_the_beginning_is_quoted() {
    let text = "root:x:0:0:root:/root:/bin/bash\n".repeat(1_000);
    let folder = folder(&[("passwd", &text)]);
    let output = eastwest(folder.path(), &["lint", "passwd"]);
    assert_eq!(status(&output), 1);
    let said = said(&output);
    assert!(
        said.contains("EW002") && said.contains("root:/root"),
        "{said}"
    );
    let longest = said.lines().map(str::len).max();
    assert!(longest < Some(200), "{said}");
}
