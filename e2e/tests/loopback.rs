//! `eastwest demo --loopback` on a machine whose loopback addresses are in use already.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use eastwest::leftovers::Guarded;
use eastwest::stage::{Host, Stage, StageHost};
use eastwest_e2e::{eastwest, machine};
use tempfile::TempDir;

/// A machine with loopback addresses of its own, and a folder for what is killed with it.
struct Machine {
    host: StageHost,
    _stage: Stage,
    dir: TempDir,
}

impl Machine {
    fn start() -> Self {
        let (stage, host) = machine().unwrap();
        Self {
            host,
            _stage: stage,
            dir: TempDir::new().unwrap(),
        }
    }
}

fn on(machine: &Machine, args: &[&str]) -> Command {
    let mut command = machine.host.command(eastwest().as_os_str());
    command.args(args).env("TMPDIR", machine.dir.path());
    command
}

/// Runs in the background until it is dropped, and has printed a line with `mark`.
fn running(machine: &Machine, args: &[&str], mark: &str) -> Guarded {
    let mut child = Guarded::spawn(on(machine, args).stdout(Stdio::piped())).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains(mark));
    assert!(seen, "{args:?} ended before it printed {mark:?}");
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn said(output: &Output) -> (String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (out, err)
}

#[test]
fn a_second_demo_says_that_one_is_running_and_leaves_it_alone() {
    let machine = Machine::start();
    let mut first = running(&machine, &["demo", "--loopback", "--keep"], "until Ctrl-C");
    let second = on(&machine, &["demo", "--loopback"]).output().unwrap();
    let (out, err) = said(&second);
    assert_eq!(second.status.code(), Some(1), "{out}{err}");
    assert!(
        err.contains(&format!("already (process {})", first.id())),
        "{err}"
    );
    assert!(first.try_wait().unwrap().is_none());
}

#[test]
fn an_address_in_use_is_named_as_the_cause() {
    let machine = Machine::start();
    // It says hello too, as the demo's own pod would.
    let stranger = [
        "stage-hello",
        "--listen",
        "127.71.0.10:8080",
        "--name",
        "hello-0",
    ];
    let _stranger = running(&machine, &stranger, "listening on");
    let demo = on(&machine, &["demo", "--loopback"]).output().unwrap();
    let (out, err) = said(&demo);
    assert_eq!(demo.status.code(), Some(1), "{out}{err}");
    assert!(
        err.contains("hello-0-app ended") && err.contains("Address already in use"),
        "{out}{err}"
    );
}

#[test]
fn multicast_dns_is_not_in_the_way() {
    let machine = Machine::start();
    let zone = machine.dir.path().join("zone");
    std::fs::write(&zone, "").unwrap();
    // A name server on every address, on the port of a desktop's avahi-daemon.
    let avahi = [
        "stage-dns",
        "--listen",
        "0.0.0.0:5353",
        "--zone",
        zone.to_str().unwrap(),
    ];
    let _avahi = running(&machine, &avahi, "listening on");
    let demo = on(&machine, &["demo", "--loopback"]).output().unwrap();
    let (out, err) = said(&demo);
    assert!(demo.status.success(), "{out}{err}");
}
