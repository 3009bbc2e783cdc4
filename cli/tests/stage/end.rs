//! However a stage ends, nothing of it is left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::{EASTWEST, command, pair, printed, sh, sleeper, start};

/// Prints the process id of a daemon that it leaves behind: in a session of its own, its parent gone.
const DAEMON: &str = "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!";

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().expect(text))
}

/// Dead, even if whoever should wait for it has not done so yet.
fn is_dead(process: Pid) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .expect("children")
        .split_whitespace()
        .map(pid)
        .collect()
}

#[test]
fn dropping_it_kills_programs_and_the_daemons_they_left() {
    let stage = start(&pair());
    let daemon = pid(&printed(&stage, "a", DAEMON));
    let mut child = sleeper(&stage, "b");
    assert!(!is_dead(daemon));
    drop(stage);
    assert!(is_dead(daemon));
    assert_eq!(child.wait().expect("ends").signal(), Some(9));
}

#[test]
fn its_mounts_are_never_the_machines() {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    let before = mounts();
    let stage = start(&pair());
    assert_eq!(mounts(), before);
    drop(stage);
    assert_eq!(mounts(), before);
}

#[test]
fn a_program_cannot_come_in_after_the_end() {
    let stage = start(&pair());
    let mut late = command(&stage, "a", "true");
    drop(stage);
    let output = late.output().expect("runs");
    assert_eq!(output.status.code(), Some(125));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("the stage that it held has ended"),
        "{error}"
    );
}

#[test]
fn programs_that_are_just_coming_in_are_killed_too() {
    for _ in 0..10 {
        let stage = start(&pair());
        let mut children: Vec<Child> = (0..8)
            .map(|_| {
                command(&stage, "a", "sleep")
                    .arg("1000")
                    .stderr(Stdio::null())
                    .spawn()
            })
            .map(|child| child.expect("starts"))
            .collect();
        drop(stage);
        for child in &mut children {
            let status = child.wait().expect("ends");
            assert!(
                status.signal() == Some(9) || status.code() == Some(125),
                "{status}"
            );
        }
    }
}

#[test]
fn if_its_holder_is_killed_dropping_it_still_kills_the_programs() {
    let stage = start(&pair());
    let holder = printed_holder(&stage);
    let daemon = pid(&printed(&stage, "a", DAEMON));
    kill(holder, Signal::SIGKILL).expect("signals");
    drop(stage);
    wait_until("the daemon is dead", || is_dead(daemon));
}

/// From the line that a person would type.
fn printed_holder(stage: &eastwest::stage::Stage) -> Pid {
    let line = stage.host("a").expect("a host").shell_line();
    let words: Vec<&str> = line.split(' ').collect();
    let at = words
        .iter()
        .position(|word| *word == "--holder")
        .expect(&line);
    pid(words[at + 1])
}

/// Another process that made a stage, and a daemon on a host of that stage.
struct Other {
    process: Child,
    id: Pid,
    holder: Pid,
    daemon: Pid,
    _out: BufReader<ChildStdout>,
}

impl Other {
    fn start() -> Self {
        let mut process = Command::new(EASTWEST)
            .arg("stage-up")
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("starts");
        let id = pid(&process.id().to_string());
        let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut shell = String::new();
        out.read_line(&mut shell).expect("a line");
        let shell = shell.trim();
        let mut script = Command::new("sh");
        let output = script
            .args(["-c", &format!("{shell} -c '{DAEMON}'")])
            .output();
        let daemon = pid(&String::from_utf8_lossy(&output.expect("sh runs").stdout));
        let holder = children(id)[0];
        assert!(!is_dead(daemon) && !is_dead(holder));
        Self {
            process,
            id,
            holder,
            daemon,
            _out: out,
        }
    }

    fn is_all_gone_soon(&mut self) {
        self.process.wait().expect("ends");
        wait_until("the holder is gone", || is_dead(self.holder));
        assert!(is_dead(self.daemon));
    }
}

#[test]
fn killing_the_process_that_started_it_ends_it() {
    let mut other = Other::start();
    kill(other.id, Signal::SIGKILL).expect("signals");
    other.is_all_gone_soon();
}

#[test]
fn ctrl_c_ends_it() {
    let mut other = Other::start();
    killpg(other.id, Signal::SIGINT).expect("signals");
    other.is_all_gone_soon();
}

#[test]
fn an_interrupt_to_the_holder_alone_changes_nothing() {
    let stage = start(&pair());
    kill(printed_holder(&stage), Signal::SIGTERM).expect("signals");
    assert!(sh(&stage, "a", "true").status.success());
}
