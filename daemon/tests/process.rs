//! A server as a real process: how it starts, what it says, how it ends.

// Clippy's allowance for tests covers test functions, not what they call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

mod client;
#[path = "process/sandbox.rs"]
mod sandbox;
#[path = "process/sandboxed.rs"]
mod sandboxed;
#[path = "process/server.rs"]
mod server;

use client::{get, post};
use server::{ANY_PORT, Server, command};

/// Long enough that a test which waits for it fails by its own patience.
const LONG_DRAIN: [&str; 2] = ["--drain-lame-duck=0", "--drain-grace=1h"];

/// A connection through the server that has carried a byte each way.
fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address("echo")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream
}

#[test]
fn sigterm_without_connections_ends_cleanly() {
    let mut server = Server::start(&LONG_DRAIN);
    server.signal(Signal::TERM);
    assert_eq!(server.end().code(), Some(0));
    assert!(server.said("SIGTERM: draining") && server.said("no connection was cut"));
}

#[test]
fn a_live_connection_may_finish_during_the_grace_time() {
    let mut server = Server::start(&LONG_DRAIN);
    let stream = connect(&server);
    server.signal(Signal::TERM);
    server.wait_for("draining");
    assert!(server.is_running());
    drop(stream);
    assert_eq!(server.end().code(), Some(0));
    assert!(server.said("no connection was cut"));
}

#[test]
fn what_is_left_after_the_grace_time_is_cut_and_told() {
    let mut server = Server::start(&["--drain-lame-duck=0", "--drain-grace=50ms"]);
    let _stream = connect(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.end().code(), Some(0));
    assert!(
        server.said("connections still open were reset reset=1"),
        "{:?}",
        server.log
    );
}

#[test]
fn a_second_signal_ends_at_once() {
    for (second, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = Server::start(&LONG_DRAIN);
        let mut stream = connect(&server);
        server.signal(Signal::TERM);
        server.wait_for("draining");
        server.signal(second);
        assert_eq!(server.end().code(), Some(status));
        assert!(server.said("ending at once"));
        assert!(!matches!(stream.read(&mut [0]), Ok(1..)));
    }
}

#[test]
fn a_second_signal_ends_the_lame_duck_time_too() {
    let mut server = Server::start(&["--drain-lame-duck=1h"]);
    server.signal(Signal::TERM);
    server.wait_for("draining");
    server.signal(Signal::TERM);
    assert_eq!(server.end().code(), Some(143));
}

#[test]
fn ctrl_c_skips_the_lame_duck_time() {
    let mut server = Server::start(&["--drain-lame-duck=1h"]);
    server.signal(Signal::INT);
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn the_sigterm_after_a_pre_stop_drain_is_the_first_signal() {
    let mut server = Server::start(&LONG_DRAIN);
    let stream = connect(&server);
    assert_eq!(post(server.address("admin"), "/drain").0, 200);
    server.wait_for("POST /drain");
    server.signal(Signal::TERM);
    server.wait_for("draining already");
    assert!(server.is_running());
    drop(stream);
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn quitquitquit_resets_what_is_open_and_ends_cleanly() {
    let mut server = Server::start(&LONG_DRAIN);
    let _stream = connect(&server);
    assert_eq!(post(server.address("admin"), "/quitquitquit").0, 200);
    assert_eq!(server.end().code(), Some(0));
    assert!(server.said("reset=1"));
}

#[test]
fn sighup_asks_for_a_reload_and_ends_nothing() {
    let mut server = Server::start(&[]);
    server.signal(Signal::HUP);
    server.wait_for("SIGHUP: reading manifests and certificates again");
    assert_eq!(get(server.address("ready"), "/healthz/ready").0, 200);
}

#[test]
fn sighup_during_the_start_does_not_tell_the_manager_that_the_process_is_ready() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let held = format!("--ready-address={}", taken.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_nonblocking(true).unwrap();
    let reloaded = |_| {
        let mut command = command(&[&held, ANY_PORT[1], ANY_PORT[2]]);
        command.env("NOTIFY_SOCKET", &path);
        let mut server = Server::spawn(command);
        server.wait_for("tried again");
        server.signal(Signal::HUP);
        sleep(Duration::from_millis(100));
        server.signal(Signal::TERM);
        let ended = server.end().code() == Some(0);
        let mut told = String::new();
        let mut words = [0; 512];
        while let Ok(length) = manager.recv(&mut words) {
            told.push_str(std::str::from_utf8(&words[..length]).unwrap());
        }
        for early in ["READY=1", "RELOADING=1"] {
            assert!(!told.contains(early), "{told}");
        }
        ended && server.said("SIGHUP: reading") && told.contains("STOPPING=1")
    };
    // The wait for the port may be over before the signals come, where the machine is busy.
    assert!((0..5).any(reloaded));
}

#[test]
fn the_log_level_changes_at_run_time() {
    let server = Server::start(&["--log-level=warn,eastwest_daemon=info"]);
    let admin = server.address("admin");
    assert_eq!(
        get(admin, "/logging").1,
        "level=warn,eastwest_daemon=info\n"
    );
    assert_eq!(post(admin, "/logging?level=debug").1, "level=debug\n");
    assert_eq!(get(admin, "/logging").1, "level=debug\n");
    let (status, body) = post(admin, "/logging?level=debgu");
    assert_eq!(
        (status, body.as_str()),
        (400, "`debgu` is not a log level; did you mean `debug`?\n")
    );
    assert_eq!(post(admin, "/logging").0, 400);
    assert_eq!(get(admin, "/logging").1, "level=debug\n");
}

#[test]
fn every_line_of_a_json_log_is_json() {
    let mut server = Server::start(&["--log-format=json", "--drain-lame-duck=0"]);
    server.signal(Signal::TERM);
    server.end();
    assert!(server.log.len() > 4);
    for line in &server.log {
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(parsed["level"], "info", "{line}");
    }
}

#[test]
fn a_port_in_use_is_a_failure_that_says_which_flag_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for flag in ["--listen", "--ready-address"] {
        let given = format!("{flag}={address}");
        let mut words: Vec<&str> = ANY_PORT.to_vec();
        words.retain(|word| !word.starts_with(flag));
        words.push(&given);
        let mut server = Server::spawn(command(&words));
        assert_eq!(server.end().code(), Some(1), "{flag}");
        let port = address.port();
        let told = format!("port {port} is in use: another process listens on 127.0.0.1:{port}");
        assert!(
            server.said(&told) && server.said(&format!("give {flag} another")),
            "{:?}",
            server.log
        );
    }
}

#[test]
fn a_signal_ends_a_process_that_waits_for_a_port() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for flag in ["--ready-address", "--metrics-address"] {
        let given = format!("{flag}={address}");
        let mut words: Vec<&str> = ANY_PORT.to_vec();
        words.retain(|word| !word.starts_with(flag));
        words.push(&given);
        let ended = |_| {
            let mut server = Server::spawn(command(&words));
            server.wait_for("tried again");
            server.signal(Signal::TERM);
            server.end().code() == Some(0) && server.said("lame_duck=0ns")
        };
        // The wait may be over before the signal comes, where the machine is busy.
        assert!((0..5).any(ended), "{flag}");
    }
}

#[test]
fn a_bad_command_line_is_status_2_and_a_bad_configuration_78() {
    let status = |words: &[&str]| Server::spawn(command(words)).end().code();
    assert_eq!(status(&["--help"]), Some(0));
    assert_eq!(status(&["--version"]), Some(0));
    assert_eq!(status(&["--lisden=127.0.0.1:0"]), Some(2));
    assert_eq!(status(&["--listen=nowhere"]), Some(2));
    assert_eq!(status(&["--listen=192.0.2.1:1"]), Some(78));
    assert_eq!(status(&["--config=/nonexistent.yaml"]), Some(78));
}

#[test]
fn settings_come_from_the_real_environment_and_say_so() {
    let mut server = command(&ANY_PORT);
    server
        .env("EASTWEST_DRAIN_GRACE", "7s")
        .env("EASTWEST_DRAIN_GRASE", "8s");
    let mut server = Server::spawn(server);
    server.wait_for("admin listens on");
    let warned = "EASTWEST_DRAIN_GRASE is not a setting of this program and has no effect; did you mean EASTWEST_DRAIN_GRACE?";
    assert!(server.said(warned), "{:?}", server.log);
    let (_, body) = get(server.address("admin"), "/settings");
    let settings: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(settings["drain-grace"]["value"][0], "7s");
    assert_eq!(settings["drain-grace"]["from"], "EASTWEST_DRAIN_GRACE");
}

#[test]
fn a_log_that_nobody_reads_any_more_does_not_end_the_server() {
    let mut server = command(&[&ANY_PORT[..], &["--log-level=debug"]].concat());
    server.stderr(std::process::Stdio::piped());
    let mut child = server.spawn().unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("admin listens on") {
        std::io::BufRead::read_line(&mut log, &mut seen).unwrap();
    }
    let admin = seen.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
    drop(log);
    for _ in 0..3 {
        assert_eq!(post(admin, "/reload").0, 200);
    }
    assert_eq!(post(admin, "/quitquitquit").0, 200);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
