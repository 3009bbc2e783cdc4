//! A program on a host behaves as one that was started here.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{command, pair, printed, sh, sleeper, start};

#[test]
fn its_exit_code_and_standard_streams_pass_through() {
    let stage = start(&pair());
    let mut child = command(&stage, "a", "bash")
        .args(["-c", "cat; echo err >&2; exit 7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"in and out").expect("writes");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b"in and out"[..], &b"err\n"[..])
    );
}

#[test]
fn its_process_id_is_the_childs() {
    let stage = start(&pair());
    let child = command(&stage, "a", "bash")
        .args(["-c", "echo $$"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash starts");
    let id = child.id();
    let output = child.wait_with_output().expect("ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{id}\n"));
}

#[test]
fn a_signal_reaches_it() {
    let stage = start(&pair());
    let mut child = command(&stage, "a", "bash")
        .args([
            "-c",
            "trap 'exit 42' TERM; echo; while :; do sleep 0.01; done",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash starts");
    let mut ready = [0];
    let mut out = child.stdout.take().expect("a pipe");
    std::io::Read::read_exact(&mut out, &mut ready).expect("the trap is set");
    let id = Pid::from_raw(child.id().try_into().expect("a process id"));
    kill(id, Signal::SIGTERM).expect("signals");
    assert_eq!(child.wait().expect("ends").code(), Some(42));
}

#[test]
fn it_can_be_killed() {
    let stage = start(&pair());
    let mut child = sleeper(&stage, "a");
    child.kill().expect("signals");
    assert_eq!(child.wait().expect("ends").signal(), Some(9));
}

#[test]
fn it_keeps_the_callers_directory_and_environment() {
    let stage = start(&pair());
    let directory = tempfile::tempdir().expect("a directory");
    let output = command(&stage, "a", "bash")
        .args(["-c", "echo $PWD $COLOUR"])
        .current_dir(directory.path())
        .env("COLOUR", "blue")
        .output()
        .expect("bash runs");
    let expected = format!("{} blue\n", directory.path().display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn it_has_the_capabilities_of_root_over_its_network() {
    let stage = start(&pair());
    let before = printed(
        &stage,
        "a",
        "echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward",
    );
    assert_eq!(before, "1\n");
    assert_eq!(
        printed(&stage, "b", "cat /proc/sys/net/ipv4/ip_forward"),
        "0\n"
    );
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let stage = start(&pair());
    let output = command(&stage, "a", "/no/such/program")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(127));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains(r#"on host "a": cannot run /no/such/program"#),
        "{error}"
    );
}

#[test]
fn a_host_that_is_not_there_is_named_with_those_that_are() {
    let stage = start(&pair());
    let error = stage.host("c").expect_err("no host c").to_string();
    assert_eq!(error, r#"the stage has no host "c"; its hosts are a, b"#);
    assert!(sh(&stage, "a", "true").status.success());
}
