//! `--fix` on files.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::{FAULTY, complained, eastwest, folder, said, status, with_stdin};

#[test]
fn a_file_is_mended_in_its_place_and_what_changed_is_printed() {
    let folder = folder(&[("a.yaml", FAULTY)]);
    let path = folder.path().join("a.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let output = eastwest(folder.path(), &["lint", "--fix", "a.yaml"]);
    let line = "    labels: {security.istio.io/tlsMode: istio}\n";
    let expected = FAULTY.replace("    ports: {", &format!("{line}    ports: {{"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    assert!(
        said(&output).starts_with(&format!("a.yaml: changed\n  12 + {line}")),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("EW102"));
    assert_eq!(
        status(&output),
        0,
        "what is left are warnings that the other cluster's files are not here"
    );
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing else is left behind");
    let again = eastwest(folder.path(), &["lint", "--fix", "a.yaml"]);
    assert!(!said(&again).contains("changed"));
}

#[test]
fn a_file_keeps_its_owner_and_its_mode() {
    let folder = folder(&[("a.yaml", FAULTY)]);
    let path = folder.path().join("a.yaml");
    // Only root can give files away; for others the owner is their own either way.
    let given = chown(&path, Some(12_345), Some(23_456)).is_ok();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).unwrap();
    let kept = || {
        let metadata = std::fs::metadata(&path).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
    };
    let before = kept();
    assert_eq!(given, before.0 == 12_345);
    eastwest(folder.path(), &["lint", "--fix", "a.yaml"]);
    assert_ne!(std::fs::read_to_string(&path).unwrap(), FAULTY);
    assert_eq!(kept(), before);
}

#[test]
fn what_is_ignored_is_not_mended() {
    let folder = folder(&[("a.yaml", FAULTY)]);
    eastwest(folder.path(), &["lint", "--fix", "--ignore", "EW102", "."]);
    let text = std::fs::read_to_string(folder.path().join("a.yaml"));
    assert_eq!(text.unwrap(), FAULTY);
}

#[test]
fn a_word_that_was_replaced_is_shown_before_and_after() {
    let text = FAULTY.replace("172.21.0.3", "gw.example.com");
    let folder = folder(&[("a.yaml", &text)]);
    let output = said(&eastwest(folder.path(), &["lint", "--fix", "a.yaml"]));
    let expected = "   9 -   resolution: STATIC\n   9 +   resolution: DNS\n";
    assert!(output.contains(expected), "{output}");
}

#[test]
fn only_what_has_changed_is_shown_where_other_lines_are_like_it() {
    let named = FAULTY.replace("172.21.0.3", "gw.example.com");
    let labelled = "labels: {security.istio.io/tlsMode: istio}\n    ports";
    let sound = FAULTY.replace("ports: {mysql", &format!("{labelled}: {{mysql"));
    let text = format!(
        "{named}---\n{}",
        sound.replace("db-0", "db-1").replace("3306", "3307")
    );
    let folder = folder(&[("a.yaml", &text)]);
    let output = said(&eastwest(folder.path(), &["lint", "--fix", "a.yaml"]));
    let shown: Vec<_> = output
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        shown,
        [
            "   9 -   resolution: STATIC",
            "   9 +   resolution: DNS",
            "  12 +     labels: {security.istio.io/tlsMode: istio}",
        ]
    );
}

#[test]
fn a_link_stays_a_link() {
    let folder = folder(&[("real/a.yaml", FAULTY)]);
    let link = folder.path().join("link.yaml");
    std::os::unix::fs::symlink("real/a.yaml", &link).unwrap();
    eastwest(folder.path(), &["lint", "--fix", "link.yaml"]);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let mended = std::fs::read_to_string(folder.path().join("real/a.yaml")).unwrap();
    assert!(mended.contains("tlsMode: istio"));
}

#[test]
fn bytes_that_are_no_text_are_never_rewritten() {
    let folder = folder(&[]);
    let bytes = [FAULTY.as_bytes(), b"# \xff\n"].concat();
    std::fs::write(folder.path().join("a.yaml"), &bytes).unwrap();
    eastwest(folder.path(), &["lint", "--fix", "a.yaml"]);
    assert_eq!(std::fs::read(folder.path().join("a.yaml")).unwrap(), bytes);
}

#[test]
fn standard_input_can_not_be_mended() {
    let output = with_stdin(&["lint", "--fix", "-"], FAULTY);
    assert_eq!(status(&output), 2);
    assert!(complained(&output).contains("standard input is none"));
}

#[test]
fn every_file_that_can_be_mended_is_mended() {
    let bytes = [FAULTY.as_bytes(), b"# \xff\n"].concat();
    let folder = folder(&[("b/b.yaml", FAULTY), ("c/c.yaml", FAULTY)]);
    std::fs::write(folder.path().join("a.yaml"), bytes).unwrap();
    let output = said(&eastwest(folder.path(), &["lint", "--fix", "."]));
    let changed: Vec<_> = output
        .lines()
        .filter(|line| line.ends_with(": changed"))
        .collect();
    assert_eq!(changed, ["./b/b.yaml: changed", "./c/c.yaml: changed"]);
}
