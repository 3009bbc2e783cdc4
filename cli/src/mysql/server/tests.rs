use std::fs;
use std::num::NonZeroU32;

use super::*;
use crate::mysql::flavor::Flavor;
use crate::mysql::installed::tests::script;
use crate::stage::host::ThisMachine;

/// A server that is a shell script, with its data directory and what `Server::start` says to it.
fn start(body: &str) -> (tempfile::TempDir, StartError) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    let version = "case $* in *--version*) echo 'x Ver 9.7.4'; exit;; esac";
    let bin = dir.path().join("bin");
    script(&bin.join("mysqld"), &format!("{version}\n{body}"));
    script(&bin.join("mysql"), "exit 1");
    let installed = Installed::in_dir(Flavor::MySql, dir.path(), dir.path()).unwrap();
    let mut options = ServerOptions::new(NonZeroU32::MIN, dir.path().join("data"));
    options.start_timeout = Duration::from_millis(300);
    let error = Server::start(&ThisMachine, &installed, options).unwrap_err();
    (dir, error)
}

#[test]
fn a_server_that_ends_while_starting_is_told_with_its_log() {
    let (_dir, error) = start("echo 'Address already in use' >&2; exit 1");
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    assert!(
        error.to_string().contains("Address already in use"),
        "{error}"
    );
}

#[test]
fn a_server_that_never_answers_is_ended_and_told_with_its_log() {
    let (dir, error) = start("echo $$ > ${0%/*}/pid; echo 'recovering' >&2; exec sleep 600");
    assert!(matches!(error, StartError::NotReady { .. }), "{error}");
    assert!(error.to_string().contains("recovering"), "{error}");
    let pid = fs::read_to_string(dir.path().join("bin/pid")).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn a_data_directory_too_long_for_a_socket_is_refused_before_anything_is_made() {
    let datadir = PathBuf::from("/tmp").join("d".repeat(100));
    let error = arguments::socket(&datadir).unwrap_err().to_string();
    assert!(error.contains("10 bytes too long"), "{error}");
}

#[test]
fn a_socket_path_of_107_bytes_is_taken() {
    let datadir = PathBuf::from("/tmp").join("d".repeat(90));
    assert_eq!(arguments::socket(&datadir).unwrap().as_os_str().len(), 107);
}

#[test]
fn the_tail_of_a_missing_log_says_so() {
    assert!(tail(Path::new("/nonexistent/error.log"), 3).contains("cannot be read"));
}
