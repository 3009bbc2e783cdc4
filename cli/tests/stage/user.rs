//! A stage as an ordinary user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use eastwest::stage::{Stage, two_clusters};
use nix::unistd::{Uid, getuid};
use tempfile::TempDir;

use super::{EASTWEST, pair, printed, sleeper};

const NOBODY: u32 = 65534;

/// A program that is `eastwest` as an ordinary user, and that user.
fn as_ordinary_user(directory: &TempDir) -> (PathBuf, Uid) {
    if !getuid().is_root() {
        return (PathBuf::from(EASTWEST), getuid());
    }
    let (copy, script) = (
        directory.path().join("eastwest"),
        directory.path().join("run"),
    );
    fs::copy(EASTWEST, &copy).expect("copies");
    let drop =
        format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --bounding-set=-all");
    let text = format!("#!/bin/sh\nexec {drop} {} \"$@\"\n", copy.display());
    fs::write(&script, text).expect("writes");
    for path in [directory.path(), &script] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("opens up");
    }
    (script, Uid::from_raw(NOBODY))
}

#[test]
fn an_ordinary_user_is_root_of_the_stage_and_nobody_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let (eastwest, user) = as_ordinary_user(&directory);
    let stage = Stage::start(&eastwest, &two_clusters()).expect("a stage without root");
    let map = printed(&stage, "b-app", "echo $(cat /proc/self/uid_map); id -u");
    assert_eq!(map, format!("0 {user} 1\n0\n"));
    let files = printed(
        &stage,
        "b-app",
        "grep nameserver /etc/resolv.conf; uname -n",
    );
    assert_eq!(files, "nameserver 127.0.0.1\nb-app\n");
}

#[test]
fn an_ordinary_users_programs_end_with_the_stage() {
    let directory = tempfile::tempdir().expect("a directory");
    let (eastwest, _) = as_ordinary_user(&directory);
    let stage = Stage::start(&eastwest, &pair()).expect("a stage without root");
    let mut child = sleeper(&stage, "a");
    drop(stage);
    let status = child.wait().expect("ends");
    assert_eq!(status.signal(), Some(9));
}
