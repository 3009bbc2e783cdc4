//! `eastwest demo` ended from outside: no process and no file of it is left.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_e2e::eastwest;
use rustix::process::{Pid, Signal, kill_process};

/// The kernel may take a moment to end what has been killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts a demo whose files all go to `dir`, and reads what it prints up to a line with `mark`.
fn demo_until(args: &[&str], dir: &Path, mark: &str) -> Child {
    let mut demo = Command::new(eastwest())
        .arg("demo")
        .args(args)
        .env("TMPDIR", dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
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
fn ends_without_a_trace(args: &[&str], mark: &str, signal: Signal) {
    let dir = tempfile::tempdir().unwrap();
    let mut demo = demo_until(args, dir.path(), mark);
    until(
        || processes_of(dir.path()).len() > 1,
        || "it starts nothing".to_owned(),
    );
    kill_process(Pid::from_child(&demo), signal).unwrap();
    let status = demo.wait().unwrap();
    assert_eq!(status.code(), Some(128 + signal.as_raw()));
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
    assert!(files.is_empty(), "{files:?}");
    let left = || processes_of(dir.path());
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
    ends_without_a_trace(&["--loopback", "--keep"], "until Ctrl-C", Signal::INT);
}

#[test]
fn in_namespaces() {
    ends_without_a_trace(&["--keep"], "until Ctrl-C", Signal::INT);
}

#[test]
fn while_it_is_still_starting() {
    ends_without_a_trace(&[], "Two clusters", Signal::TERM);
}

#[test]
fn with_databases_that_write() {
    ends_without_a_trace(&["--mysql", "--keep"], "until Ctrl-C", Signal::HUP);
}
