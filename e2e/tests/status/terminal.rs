//! What is drawn on a terminal: in place, and no wider.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::spawn;
use std::time::Instant;

use eastwest::leftovers::Guarded;
use eastwest_e2e::hello;

use super::commands::eastwest;
use super::{PATIENCE, alias_route, open_visit, status_once};

/// What a program writes, as it comes, until it writes no more: it may be waited for.
fn read_beside(mut out: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, pieces) = channel();
    spawn(move || {
        let mut some = [0; 4096];
        while let Ok(n @ 1..) = out.read(&mut some) {
            let _ = sender.send(some[..n].to_vec());
        }
    });
    pieces
}

#[test]
fn on_a_terminal_conns_are_drawn_in_place() {
    let clusters = hello().unwrap();
    let program = eastwest_e2e::eastwest();
    let host = clusters.host("b-app").unwrap();
    // script(1) gives it a terminal. `exec`: a dash that waited for it would die of the ^C itself.
    let mut command: Command = host.command("script".as_ref());
    command.env("SHELL", "/bin/sh").args([
        "-qefc",
        &format!("exec {} conns --watch", program.display()),
        "/dev/null",
    ]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut terminal = Guarded::spawn(&mut command).unwrap();
    let out = read_beside(terminal.stdout.take().unwrap());
    let mut drawn = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    let left = || deadline.saturating_duration_since(Instant::now());
    let times = |drawn: &[u8]| {
        String::from_utf8_lossy(drawn)
            .matches("\x1b[H0 open at ")
            .count()
    };
    while times(&drawn) < 2 {
        let some = out.recv_timeout(left());
        let some = some.unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&drawn)));
        drawn.extend(some);
    }
    // Open until the end: at the end of its input script(1) takes the terminal away.
    let mut keys = terminal.stdin.take().unwrap();
    keys.write_all(b"\x03").unwrap();
    let deadline = Instant::now() + PATIENCE;
    let left = || deadline.saturating_duration_since(Instant::now());
    loop {
        match out.recv_timeout(left()) {
            Ok(some) => drawn.extend(some),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(why) => panic!("{why}: {}", String::from_utf8_lossy(&drawn)),
        }
    }
    let ended = terminal.wait().unwrap();
    drop(keys);
    let drawn = String::from_utf8_lossy(&drawn);
    assert_eq!(ended.code(), Some(0), "{ended}: {drawn}");
}

#[test]
fn conns_fit_the_terminal_unless_all_is_wanted() {
    let mut clusters = hello().unwrap();
    let app = open_visit(&clusters);
    status_once(&mut clusters, "hello-0-shim", |told| {
        told["connections"]["rows"][0]["state"] == "relaying"
    });
    let program = eastwest_e2e::eastwest();
    let host = clusters.host("b-app").unwrap();
    let on_a_terminal = |args: &str| {
        let mut command: Command = host.command("script".as_ref());
        let conns = format!("stty cols 80 && exec {} {args}", program.display());
        command
            .env("SHELL", "/bin/sh")
            .args(["-qefc", &conns, "/dev/null"]);
        // Nothing is typed, and its end would take the terminal away.
        let Output { status, stdout, .. } = Guarded::output(command.stdin(Stdio::null())).unwrap();
        let out = String::from_utf8(stdout).unwrap();
        assert_eq!(status.code(), Some(0), "{args}: {out}");
        out
    };
    let widest = |out: &str| out.lines().map(|line| line.chars().count()).max();
    for args in ["conns", "conns --history"] {
        let out = on_a_terminal(args);
        assert!(widest(&out) <= Some(80), "{args}: {out}");
        assert!(
            out.contains(" ROUTE ") && out.contains("  left out: "),
            "{out}"
        );
        let wide = on_a_terminal(&format!("{args} --wide"));
        assert!(widest(&wide) > Some(80), "{args}: {wide}");
        assert!(!wide.contains('…') && !wide.contains("left out"), "{wide}");
        let route = |line: &str| line.contains(&alias_route());
        assert!(wide.lines().any(route), "{wide}");
    }
    // Who reads it by a program has all of it.
    let (_, out, _) = eastwest(&clusters, &["conns"]);
    assert!(
        out.contains("  IDENTITY  ") && !out.contains("left out"),
        "{out}"
    );
    drop(app);
}
