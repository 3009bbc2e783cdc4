//! What a process that has locked itself in cannot do, each tried by a real one.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::client::get;
use crate::server::{ANY_PORT, Server, command, example};

/// SIGSYS, as an exit status of a shell would have it less 128.
const SIGSYS: i32 = 31;

/// What only an attacker asks for.
const FATAL: [&str; 14] = [
    "execve",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "unshare",
    "setns",
    "mount",
    "umount",
    "chroot",
    "pivot_root",
    "finit_module",
    "setuid",
    "setgid",
    "sethostname",
];

/// What is answered with an error, and which.
const REFUSED: [(&str, &str); 15] = [
    ("spawn", "EPERM"),
    ("packets", "EAFNOSUPPORT"),
    ("kernel-cryptography", "EAFNOSUPPORT"),
    ("netlink", "EAFNOSUPPORT"),
    ("raw-ip", "EPERM"),
    ("memfd", "EPERM"),
    ("limit", "EPERM"),
    ("signal", "EPERM"),
    ("write", "EACCES"),
    ("create", "EACCES"),
    ("rename", "EACCES"),
    ("link", "EACCES"),
    ("mkdir", "EACCES"),
    ("remove", "EACCES"),
    // The listener is made, its file stays.
    ("unix-socket", "EACCES"),
];

/// What a server does.
const NEEDED: [&str; 7] = [
    "read",
    "own-files",
    "own-signal",
    "thread",
    "tcp",
    "udp",
    "notify",
];

/// How an attempt went: what it said, or the signal that ended it.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Said(String),
    Killed(i32),
}

/// Tries `what` in a folder of its own.
fn attempt(mode: &str, what: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "text").unwrap();
    let output = Command::new(example("attempt"))
        .args([mode, what])
        .arg(folder.path())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    match output.status.signal() {
        Some(signal) => Outcome::Killed(signal),
        None => Outcome::Said(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
    }
}

#[test]
fn what_only_an_attacker_asks_for_ends_the_process() {
    for what in FATAL {
        assert_eq!(attempt("calls", what), Outcome::Killed(SIGSYS), "{what}");
    }
}

#[test]
fn what_a_server_does_without_is_refused() {
    for (what, error) in REFUSED {
        assert_eq!(
            attempt("calls", what),
            Outcome::Said(error.to_owned()),
            "{what}"
        );
    }
}

#[test]
fn without_the_sandbox_each_attempt_comes_to_something_else() {
    for what in FATAL {
        assert_ne!(attempt("off", what), Outcome::Killed(SIGSYS), "{what}");
    }
    // A kernel may lack it.
    let there = REFUSED
        .iter()
        .filter(|(what, _)| *what != "kernel-cryptography");
    for (what, error) in there {
        let outcome = attempt("off", what);
        assert_ne!(outcome, Outcome::Said((*error).to_owned()), "{what}");
    }
}

#[test]
fn what_a_server_needs_goes_on() {
    for what in NEEDED {
        assert_eq!(
            attempt("calls", what),
            Outcome::Said("done".to_owned()),
            "{what}"
        );
    }
}

/// As the kernel's Landlock has it: this test needs one.
#[test]
fn files_and_ports_that_the_configuration_does_not_name_are_out_of_reach() {
    for what in [
        "read-elsewhere",
        "listen-elsewhere",
        "dial-elsewhere",
        "write",
        "mkdir",
    ] {
        assert_eq!(
            attempt("files", what),
            Outcome::Said("EACCES".to_owned()),
            "{what}"
        );
    }
    for what in [
        "read",
        "own-files",
        "listen",
        "udp",
        "thread",
        "unix-socket",
    ] {
        assert_eq!(
            attempt("files", what),
            Outcome::Said("done".to_owned()),
            "{what}"
        );
    }
    let dialled = attempt("files", "dial");
    let through = ["done", "ECONNREFUSED"].map(|said| Outcome::Said(said.to_owned()));
    assert!(through.contains(&dialled), "{dialled:?}");
}

/// The values of a field of proc_pid_status(5), of each thread of a process.
fn of_each_thread(pid: u32, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let status = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap());
    let value = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().trim().to_owned()
    };
    status.map(value).collect()
}

#[test]
fn every_thread_of_a_server_is_locked_in() {
    for threads in ["--threads=1", "--threads=3"] {
        let words = [
            ANY_PORT[0],
            ANY_PORT[2],
            threads,
            "--metrics-address=127.0.0.1:0",
        ];
        let mut server = Server::spawn(command(&words));
        server.wait_for("admin listens on");
        let (no_new_privs, seccomp) = (
            of_each_thread(server.pid(), "NoNewPrivs:"),
            of_each_thread(server.pid(), "Seccomp:"),
        );
        assert!(seccomp.len() >= 3, "{seccomp:?}");
        assert!(
            no_new_privs.iter().all(|value| value == "1"),
            "{no_new_privs:?}"
        );
        // SECCOMP_MODE_FILTER
        assert!(seccomp.iter().all(|value| value == "2"), "{seccomp:?}");
        assert!(
            server.said("sandbox: no_new_privs, seccomp, "),
            "{:?}",
            server.log
        );
        let (_, dump) = get(server.address("admin"), "/config_dump");
        let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
        assert_eq!(dump["sandbox"]["mode"], "auto");
        assert_eq!(dump["sandbox"]["layers"]["seccomp"], "in force");
        let (_, metrics) = get(server.address("metrics"), "/metrics");
        for layer in ["no_new_privs", "seccomp"] {
            let line = format!("eastwest_sandbox{{layer=\"{layer}\"}} 1");
            assert!(metrics.contains(&line), "{metrics}");
        }
    }
}

#[test]
fn off_is_off_and_said() {
    let server = Server::start(&["--sandbox=off"]);
    assert!(
        of_each_thread(server.pid(), "Seccomp:")
            .iter()
            .all(|value| value == "0")
    );
    assert!(server.said("sandbox: off"), "{:?}", server.log);
}

#[test]
fn require_starts_with_all_of_it_or_not_at_all() {
    let words = [&ANY_PORT[..], &["--sandbox=require"]].concat();
    let mut required = Server::spawn(command(&words));
    let line = required.wait_for("landlock");
    if line.contains("sandbox: no_new_privs, seccomp, landlock") {
        required.wait_for("admin listens on");
    } else {
        assert_eq!(required.end().code(), Some(1));
        let said = "--sandbox require: landlock is not in force: ";
        assert!(required.said(said), "{:?}", required.log);
    }
}
