use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::mirror::candidates;
use super::*;

#[test]
fn a_mirror_is_read_from_what_apt_lists() {
    let targets = "bookworm main http://mirror.example/debian/\n\
                   bookworm-updates main http://mirror.example/debian/\n\
                   bookworm-security main http://mirror.example/debian-security/\n";
    assert_eq!(candidates(targets), ["http://mirror.example/debian/"]);
}

#[test]
fn a_debian_path_comes_before_third_parties_that_have_a_main_too() {
    let targets = "bookworm main https://tools.example/\n\
                   bookworm-pgdg main https://postgres.example/apt/\n\
                   bookworm stable https://containers.example/linux/debian/\n\
                   trixie main http://mirror.example/debian/\n\
                   trixie contrib http://other.example/debian/\n";
    assert_eq!(
        candidates(targets),
        ["http://mirror.example/debian/", "https://tools.example/"]
    );
}

#[test]
fn no_sources_give_no_candidate() {
    assert!(candidates("").is_empty());
}

fn output(stdout: &str, stderr: &str) -> Output {
    Output {
        status: ExitStatus::from_raw(100 << 8),
        stdout: stdout.into(),
        stderr: stderr.into(),
    }
}

#[test]
fn a_failure_is_told_in_apts_error_lines() {
    let output = output(
        "Reading package lists...\n",
        "W: odd\nE: Unable to locate package x\n",
    );
    assert_eq!(said(&output), "E: Unable to locate package x");
}

#[test]
fn a_missing_key_is_told_with_the_suite_that_needs_it() {
    let output = output(
        "",
        "W: GPG error: http://m sid: NO_PUBKEY 1\nE: sid is not signed.\n",
    );
    assert_eq!(
        said(&output),
        "W: GPG error: http://m sid: NO_PUBKEY 1; E: sid is not signed."
    );
}

#[test]
fn without_error_lines_the_last_lines_tell() {
    let output = output("one\ntwo\nthree\n\n", "four\nfive\nsix\n");
    assert_eq!(said(&output), "two; three; four; five; six");
}

fn apt(flavor: Flavor) -> (tempfile::TempDir, Apt) {
    let dir = tempfile::tempdir().unwrap();
    let apt = Apt::new(dir.path(), flavor).unwrap();
    (dir, apt)
}

#[test]
fn a_server_that_the_suite_does_not_list_is_told_apart_from_other_failures() {
    let (_dir, apt) = apt(Flavor::MySql);
    let error = apt.resolve().unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::NotInSuite {
                flavor: Flavor::MySql,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("Debian sid"), "{error}");
    assert!(error.to_string().contains("mysql-server-core"), "{error}");
}

#[test]
fn a_mirror_that_has_not_the_suite_is_told_in_apts_words() {
    let (dir, apt) = apt(Flavor::MySql);
    // A directory is a mirror too, so that no network is needed.
    let mirror = format!("file:{}/none/debian", dir.path().display());
    let error = apt.update(&[mirror]).unwrap_err();
    assert!(matches!(error, FetchError::Failed { .. }), "{error}");
    assert!(error.to_string().contains("apt-get update"), "{error}");
    assert!(error.to_string().contains("none/debian sid"), "{error}");
}

#[test]
fn a_machine_without_mirrors_is_told_what_to_add() {
    let (_dir, apt) = apt(Flavor::MariaDb);
    let error = apt.update(&[]).unwrap_err().to_string();
    assert!(error.contains("/etc/apt/sources.list"), "{error}");
}
