//! What a process that has locked itself in cannot do, each tried by a real one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::server::example;

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
const REFUSED: [(&str, &str); 21] = [
    ("spawn", "EPERM"),
    ("packets", "EAFNOSUPPORT"),
    ("kernel-cryptography", "EAFNOSUPPORT"),
    ("netlink", "EAFNOSUPPORT"),
    ("raw-ip", "EPERM"),
    ("multipath-tcp", "EPROTONOSUPPORT"),
    ("ping", "EPROTONOSUPPORT"),
    ("pair", "EAFNOSUPPORT"),
    ("memfd", "EPERM"),
    ("limit", "EPERM"),
    ("priority", "EPERM"),
    ("signal", "EPERM"),
    ("write", "EACCES"),
    ("create", "EACCES"),
    ("rename", "EACCES"),
    ("link", "EACCES"),
    ("mkdir", "EACCES"),
    ("remove", "EACCES"),
    ("chmod", "EACCES"),
    ("fchmod", "EACCES"),
    // The listener is made, its file stays.
    ("unix-socket", "EACCES"),
];

/// What a server does.
const NEEDED: [&str; 8] = [
    "read",
    "own-files",
    "own-signal",
    "thread",
    "tcp",
    "udp",
    "notify",
    "unix-pair",
];

/// TCP Fast Open, by each call that can.
const DIALS_BY_SENDING: [&str; 3] = ["dial-by-sendto", "dial-by-sendmsg", "dial-by-sendmmsg"];

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
    let may_be_missing = ["kernel-cryptography", "multipath-tcp"];
    let there = REFUSED
        .into_iter()
        .filter(|(what, _)| !may_be_missing.contains(what))
        .chain(DIALS_BY_SENDING.map(|what| (what, "EOPNOTSUPP")));
    for (what, error) in there {
        let outcome = attempt("off", what);
        assert_ne!(outcome, Outcome::Said(error.to_owned()), "{what}");
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
        "chmod",
        "fchmod",
    ] {
        assert_eq!(
            attempt("files", what),
            Outcome::Said("EACCES".to_owned()),
            "{what}"
        );
    }
    for what in DIALS_BY_SENDING {
        let refused = Outcome::Said("EOPNOTSUPP".to_owned());
        assert_eq!(attempt("files", what), refused, "{what}");
    }
    for what in [
        "read",
        "own-files",
        "udp",
        "thread",
        "unix-socket",
        "private-unix-socket",
    ] {
        assert_eq!(
            attempt("files", what),
            Outcome::Said("done".to_owned()),
            "{what}"
        );
    }
    // Whoever has the port, or has it not: Landlock is asked before.
    for (what, otherwise) in [("dial", "ECONNREFUSED"), ("listen", "EADDRINUSE")] {
        let through = ["done", otherwise].map(|said| Outcome::Said(said.to_owned()));
        let outcome = attempt("files", what);
        assert!(through.contains(&outcome), "{what}: {outcome:?}");
    }
}

/// A volume as the kubelet mounts it, with its first version.
fn mounted() -> tempfile::TempDir {
    let volume = tempfile::tempdir().unwrap();
    symlink("..data/file", volume.path().join("file")).unwrap();
    renew(volume.path(), "..1");
    volume
}

/// Puts another version in its place, as the kubelet does.
fn renew(volume: &Path, version: &str) {
    let old = fs::read_link(volume.join("..data"));
    fs::create_dir(volume.join(version)).unwrap();
    fs::write(volume.join(version).join("file"), version).unwrap();
    symlink(version, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if let Ok(old) = old {
        fs::remove_dir_all(volume.join(old)).unwrap();
    }
}

#[test]
fn what_is_mounted_in_the_place_of_what_was_is_read() {
    for named in ["", "file"] {
        let volume = mounted();
        let mut child = Command::new(example("attempt"))
            .args(["files", "read-later"])
            .arg(volume.path().join(named))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "waiting");
        renew(volume.path(), "..2");
        renew(volume.path(), "..3");
        child.stdin.take().unwrap().write_all(b"now\n").unwrap();
        assert_eq!(said.next().unwrap().unwrap(), "done", "named {named:?}");
        child.wait().unwrap();
    }
}
