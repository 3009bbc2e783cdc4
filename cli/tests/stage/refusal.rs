//! Where namespaces are refused, it is said why and what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use eastwest::stage::{Stage, StageError};
use tempfile::TempDir;

use super::{EASTWEST, pair};

/// `eastwest` in a user namespace where `limit` is 0.
fn with_limit(directory: &TempDir, limit: &str) -> std::path::PathBuf {
    let script = directory.path().join("limited");
    let inner = format!("echo 0 > /proc/sys/user/{limit} && exec {EASTWEST} \"$@\"");
    let text =
        format!("#!/bin/sh\nexec unshare --user --map-root-user sh -c '{inner}' sh \"$@\"\n");
    fs::write(&script, text).expect("writes");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");
    script
}

#[test]
fn a_machine_that_allows_it_is_supported() {
    Stage::supported(Path::new(EASTWEST)).expect("namespaces are allowed where this test runs");
}

#[test]
fn a_limit_of_none_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let limited = with_limit(&directory, "max_net_namespaces");
    let refused = Stage::supported(&limited)
        .expect_err("no namespace is left")
        .to_string();
    assert_eq!(
        refused,
        "no stage on this machine: making a network and a mount namespace: No space left on device \
         (os error 28); user.max_net_namespaces is 0 here: as root, \
         sysctl -w user.max_net_namespaces=10000"
    );
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let error = Stage::start(Path::new("/no/such/eastwest"), &pair()).err();
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(
        text.starts_with("cannot run /no/such/eastwest to hold the stage"),
        "{text}"
    );
}

#[test]
fn a_program_that_is_not_eastwest_is_noticed() {
    let outcome = Stage::start(Path::new("/bin/true"), &pair());
    assert!(matches!(outcome, Err(StageError::Gone { .. })));
}
