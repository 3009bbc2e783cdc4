//! `--fix` and Services that are missing in the cluster of the gateway.

use std::path::Path;

use super::{CLEAN, FAULTY, eastwest, folder, said, status};

const SERVICES: &str = "pod-services.yaml";

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn two_folders() -> tempfile::TempDir {
    folder(&[("a/gateway.yaml", CLEAN), ("b/entry.yaml", FAULTY)])
}

#[test]
fn they_are_written_beside_the_gateway_of_the_other_folder() {
    let folder = two_folders();
    let output = eastwest(folder.path(), &["lint", "--fix", "."]);
    assert_eq!(status(&output), 0, "{}", said(&output));
    let new =
        "./a/pod-services.yaml: new; apply it in the cluster of the gateway, and in no other\n";
    assert!(said(&output).contains(new), "{}", said(&output));
    let path = folder.path().join("a").join(SERVICES);
    let written = text(&path);
    assert!(
        written.contains("nowhere else") && written.contains("  name: src-db-0\n"),
        "{written}"
    );
    for line in written.lines() {
        assert!(said(&output).contains(&format!(" + {line}\n")), "{line}");
    }
    assert_eq!(status(&eastwest(folder.path(), &["lint", "."])), 0);
    let again = eastwest(folder.path(), &["lint", "--fix", "."]);
    assert_eq!(said(&again), "nothing found in 3 files\n");
    assert_eq!(names(&folder.path().join("a")), ["gateway.yaml", SERVICES]);
    assert_eq!(text(&path), written);
}

#[test]
fn they_get_a_folder_of_their_own_where_both_clusters_lie_in_one() {
    for more in [&[][..], &["--one-cluster"]] {
        let folder = folder(&[("gateway.yaml", CLEAN), ("entry.yaml", FAULTY)]);
        let args: Vec<_> = ["lint", "--fix", "."].iter().chain(more).copied().collect();
        let output = eastwest(folder.path(), &args);
        assert_eq!(status(&output), 0, "{}", said(&output));
        let all = ["entry.yaml", "gateway-cluster", "gateway.yaml"];
        assert_eq!(names(folder.path()), all);
        assert_eq!(names(&folder.path().join("gateway-cluster")), [SERVICES]);
        let args: Vec<_> = ["lint", "."].iter().chain(more).copied().collect();
        let output = eastwest(folder.path(), &args);
        assert_eq!(said(&output), "nothing found in 3 files\n");
    }
}

#[test]
fn no_file_is_overwritten_not_even_a_link_that_leads_nowhere() {
    let folder = two_folders();
    let near = folder.path().join("a");
    std::fs::write(near.join(SERVICES), "# ours\n").unwrap();
    std::os::unix::fs::symlink("nowhere", near.join("pod-services-2.yaml")).unwrap();
    let output = eastwest(folder.path(), &["lint", "--fix", "-o", "json", "."]);
    assert_eq!(status(&output), 0, "{}", said(&output));
    let all: serde_json::Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!(
        all["created"],
        serde_json::json!(["./a/pod-services-3.yaml"])
    );
    assert_eq!(all["changed"], serde_json::json!(["./b/entry.yaml"]));
    assert_eq!(text(&near.join(SERVICES)), "# ours\n");
    assert!(!near.join("nowhere").exists());
    assert!(text(&near.join("pod-services-3.yaml")).contains("src-db-0"));
}

/// Nothing is written, and the finding says what to add.
#[track_caller]
fn left_to_people(more: &[(&str, &str)], paths: &[&str]) {
    let mut files = vec![("a/gateway.yaml", CLEAN), ("b/entry.yaml", FAULTY)];
    files.extend(more);
    let folder = folder(&files);
    let json = ["lint", "--fix", "-o", "json"];
    let args: Vec<_> = json.iter().chain(paths).copied().collect();
    let output = eastwest(folder.path(), &args);
    assert_eq!(status(&output), 1, "{}", said(&output));
    assert!(!folder.path().join("a").join(SERVICES).exists());
    let all: serde_json::Value = serde_json::from_str(&said(&output)).unwrap();
    let findings = all["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["fixable"] == false));
    let mut alone = findings.iter().filter(|one| one["code"] == "EW106");
    let fix = alone.next().unwrap()["fix"].as_str().unwrap();
    let pasted = fix.strip_prefix("in the cluster of the gateway, add ");
    std::fs::write(folder.path().join("a/pasted.yaml"), pasted.unwrap()).unwrap();
    let output = eastwest(folder.path(), &["lint", "."]);
    assert_eq!(status(&output), 0, "{}", said(&output));
}

#[test]
fn files_that_are_named_one_by_one_would_not_be_read_with_a_new_one() {
    left_to_people(&[], &["a/gateway.yaml", "b/entry.yaml"]);
    left_to_people(&[], &["a/gateway.yaml", "b"]);
}

#[test]
fn what_a_kustomization_does_not_list_would_not_be_applied() {
    let list = "resources: [gateway.yaml]\n";
    left_to_people(&[("a/kustomization.yaml", list)], &["."]);
}

#[test]
fn which_of_two_other_clusters_is_meant_is_not_guessed() {
    let wide = CLEAN.replace("*.pxc.svc.cluster.local", "*.local");
    left_to_people(&[("c/gateway.yaml", &wide)], &["."]);
}
