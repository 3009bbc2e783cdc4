//! `eastwest demo` ended from outside: no process and no file of it is left.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest::stage::{Host, ThisMachine};
use eastwest_e2e::{eastwest, machine};
use rustix::process::{Pid, Signal, kill_process};

/// The kernel may take a moment to end what has been killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A demo whose files all go to `dir`.
fn demo(host: &dyn Host, args: &[&str], dir: &Path) -> Command {
    let mut command = host.command(eastwest().as_os_str());
    command.arg("demo").args(args).env("TMPDIR", dir);
    command
}

/// Starts it, and reads what it prints up to a line with `mark`.
fn start_until(mut command: Command, mark: &str) -> Child {
    let mut demo = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let seen = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains(mark));
    assert!(seen.is_some(), "the demo ended before it printed {mark:?}");
    // What else it prints is read to its end, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    demo
}

/// Processes that were started with `dir` for their files: those of the demo, and no others.
fn processes_of(dir: &Path) -> Vec<String> {
    let mark = format!("TMPDIR={}", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .split(|&byte| byte == 0)
            .any(|one| one == mark.as_bytes())
        {
            let command = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            found.push(command.replace('\0', " "));
        }
    }
    found
}

/// Sends `signal` to the demo, and finds nothing of it afterwards.
fn ends_without_a_trace(host: &dyn Host, args: &[&str], mark: &str, signal: Signal) {
    let dir = tempfile::tempdir().unwrap();
    let mut demo = start_until(demo(host, args, dir.path()), mark);
    until(
        // Beside itself and what survives it.
        || processes_of(dir.path()).len() > 2,
        || "it starts nothing".to_owned(),
    );
    kill_process(Pid::from_child(&demo), signal).unwrap();
    let status = demo.wait().unwrap();
    let files = || fs::read_dir(dir.path()).unwrap().flatten().count();
    if signal == Signal::KILL {
        until(|| files() == 0, || "its files are left".to_owned());
    } else {
        assert_eq!(status.code(), Some(128 + signal.as_raw()));
        assert_eq!(files(), 0);
    }
    nothing_runs(dir.path());
}

fn nothing_runs(dir: &Path) {
    let left = || processes_of(dir);
    until(|| left().is_empty(), || format!("{:?}", left()));
}

fn until(holds: impl Fn() -> bool, problem: impl Fn() -> String) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{}", problem());
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn on_loopback_addresses() {
    let (_stage, machine) = machine().unwrap();
    let args = ["--loopback", "--keep"];
    ends_without_a_trace(&machine, &args, "until Ctrl-C", Signal::INT);
}

#[test]
fn on_loopback_addresses_by_a_signal_that_nothing_can_catch() {
    let (_stage, machine) = machine().unwrap();
    let args = ["--loopback", "--keep"];
    ends_without_a_trace(&machine, &args, "until Ctrl-C", Signal::KILL);
}

#[test]
fn in_namespaces() {
    ends_without_a_trace(&ThisMachine, &["--keep"], "until Ctrl-C", Signal::INT);
}

#[test]
fn in_namespaces_by_a_signal_that_nothing_can_catch() {
    ends_without_a_trace(&ThisMachine, &["--keep"], "until Ctrl-C", Signal::KILL);
}

#[test]
fn while_it_is_still_starting() {
    ends_without_a_trace(&ThisMachine, &[], "Two clusters", Signal::TERM);
}

#[test]
fn with_databases_that_write() {
    let args = ["--mysql", "--keep"];
    ends_without_a_trace(&ThisMachine, &args, "until Ctrl-C", Signal::HUP);
}

#[test]
fn with_databases_that_write_by_a_signal_that_nothing_can_catch() {
    let args = ["--mysql", "--keep"];
    ends_without_a_trace(&ThisMachine, &args, "until Ctrl-C", Signal::KILL);
}

#[test]
fn while_packages_are_being_fetched() {
    // An apt-get that never comes to an end, and says so where it can be seen.
    let bin = tempfile::tempdir().unwrap();
    let apt = bin.path().join("apt-get");
    let begun = bin.path().join("begun");
    let script = format!("#!/bin/sh\ntouch '{}'\nexec sleep 1000\n", begun.display());
    fs::write(&apt, script).unwrap();
    fs::set_permissions(&apt, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();

    let (cache, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = demo(&ThisMachine, &["--mysql"], dir.path());
    command
        .env("PATH", format!("{}:{path}", bin.path().display()))
        .env("XDG_CACHE_HOME", cache.path());
    let mut demo = start_until(command, "Fetching MySQL");
    until(|| begun.exists(), || "apt-get is not run".to_owned());
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(130));
    nothing_runs(dir.path());
}
