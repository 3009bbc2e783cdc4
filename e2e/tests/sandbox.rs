//! What holds each server back while the whole system runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;

use eastwest::clusters::{Capture, HELLO};
use eastwest_e2e::hello;

/// A field of proc_pid_status(5), of each thread of a process.
fn of_each_thread(pid: u32, field: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let value = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().trim().to_owned()
    };
    tasks
        .map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap())
        .map(value)
        .collect()
}

#[test]
fn every_thread_of_the_three_servers_is_locked_in_while_it_works() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let account = ("demo", "app");
    clusters
        .start_outbound_shim_alone("b-app", account, Capture::Vip)
        .unwrap();
    clusters.start_resolver("b-app", Capture::Vip).unwrap();
    // Late threads, name servers and a whole connection come under it, too.
    let visit = clusters
        .visit("b-app", &HELLO[0].alias(), HELLO[0].port)
        .unwrap();
    assert!(visit.answer.is_some(), "{:?}", visit.error);
    for server in ["gateway", "hello-0-shim", "b-app-shim", "b-app-resolver"] {
        let program = clusters.program(server).unwrap();
        let said = program.printed();
        assert!(
            said.contains("sandbox: no_new_privs, seccomp, "),
            "{server}: {said}"
        );
        let pid = program.id();
        // The main thread, the log's, one that moves data.
        let seccomp = of_each_thread(pid, "Seccomp:");
        assert!(seccomp.len() >= 3, "{server}: {seccomp:?}");
        // SECCOMP_MODE_FILTER
        assert!(
            seccomp.iter().all(|mode| mode == "2"),
            "{server}: {seccomp:?}"
        );
        let locked = of_each_thread(pid, "NoNewPrivs:");
        assert!(
            locked.iter().all(|value| value == "1"),
            "{server}: {locked:?}"
        );
    }
}
