//! Servers lock themselves in, each thread of them, and say how far.

use std::fs;

use crate::client::get;
use crate::server::{ANY_PORT, Server, command};

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
