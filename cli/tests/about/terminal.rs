//! Colours and moving lines are for terminals, and for those who want them.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{EASTWEST, commands, eastwest};

const ESCAPE: char = '\u{1b}';
const MANIFEST: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
    metadata: {name: a, namespace: b}\nspec: {hostz: [a.b]}\n";

/// What a command writes to a terminal, both streams together.
fn on_a_terminal(folder: &Path, line: &str, variables: &[(&str, &str)]) -> String {
    let mut script = Command::new("script");
    // Whichever shell is the caller's, this one becomes the command.
    script.env("SHELL", "/bin/sh").args([
        "--quiet",
        "--return",
        "--command",
        &format!("exec {EASTWEST} {line}"),
        "/dev/null",
    ]);
    // With `CI` set, clap has colours on a terminal that knows none.
    script
        .env_remove("NO_COLOR")
        .env_remove("CI")
        .env("TERM", "xterm");
    script.envs(variables.iter().copied()).current_dir(folder);
    let output = script.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("script, of Debian's bsdutils: {error}"));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with a manifest of which there is something to say.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), MANIFEST).unwrap();
    folder
}

#[test]
fn what_is_piped_has_no_colours() {
    let folder = folder();
    let manifest = folder.path().join("a.yaml");
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/demo/cluster-b");
    let doctor = [
        "doctor",
        "--all",
        "--outside",
        "--identity",
        "/nowhere",
        "-f",
    ];
    let mut lines: Vec<Vec<&str>> = vec![
        vec!["lint", manifest.to_str().unwrap()],
        [&doctor[..], &[manifests]].concat(),
        vec!["explain", "EW102"],
        vec!["version"],
        vec!["wait", "--max", "1200ms", "--address", "127.0.0.1:9"],
        vec!["no-such-command"],
        vec!["doctor", "--no-such-flag"],
    ];
    let commands = commands();
    for words in &commands {
        let mut line: Vec<&str> = words.iter().map(String::as_str).collect();
        line.push("--help");
        lines.push(line);
    }
    for line in lines {
        let output = eastwest(&line);
        for stream in [output.stdout, output.stderr] {
            let text = String::from_utf8(stream).unwrap();
            assert!(
                !text.contains(ESCAPE) && !text.contains('\r'),
                "{line:?}: {text:?}"
            );
        }
    }
}

#[test]
fn a_terminal_has_colours_unless_they_are_unwanted() {
    let folder = folder();
    for line in [
        "lint a.yaml",
        "--help",
        "doctor --no-such-flag",
        "doctor x -f a.yaml --identity .",
    ] {
        for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
            let text = on_a_terminal(folder.path(), line, &variables);
            assert!(!text.contains(&format!("{ESCAPE}[3")), "{line}: {text:?}");
            assert!(!text.contains(&format!("{ESCAPE}[1;")), "{line}: {text:?}");
        }
    }
    let lint = on_a_terminal(folder.path(), "lint a.yaml", &[]);
    assert!(lint.contains(&format!("{ESCAPE}[1;3")), "{lint:?}");
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/demo/cluster-b");
    let doctor = format!("doctor --all --outside -f {manifests} --identity /nowhere");
    let doctor = doctor.as_str();
    let text = on_a_terminal(folder.path(), doctor, &[]);
    assert!(text.contains(&format!("{ESCAPE}[1;31mbroken")), "{text:?}");
    let text = on_a_terminal(folder.path(), doctor, &[("NO_COLOR", "1")]);
    assert!(text.contains("\r\n  broken  "), "{text:?}");
}

#[test]
fn a_server_that_is_not_there_is_told_with_what_to_look_at() {
    // Nobody else can have an address that is bound, and nobody listens there.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.local_addr().unwrap().to_string();
    let output = eastwest(&["wait", "--max", "100ms", "--address", &address]);
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.ends_with("--address is the server's --ready-address\n"),
        "{err}"
    );
}

#[test]
fn what_takes_long_says_so_on_a_terminal_and_takes_that_away() {
    let folder = folder();
    // A server that never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("wait --max 5s --address {}", silent.local_addr().unwrap());
    let text = on_a_terminal(folder.path(), &line, &[("NO_COLOR", "1")]);
    let waiting = format!("\r{ESCAPE}[K| waiting for 127.0.0.1:");
    assert!(text.starts_with(&waiting), "{text:?}");
    let end = text.rsplit(&format!("\r{ESCAPE}[K")).next().unwrap();
    assert!(end.starts_with("eastwest: 127.0.0.1:"), "{text:?}");
    let dumb = on_a_terminal(folder.path(), &line, &[("TERM", "dumb")]);
    assert!(dumb.starts_with("eastwest: 127.0.0.1:"), "{dumb:?}");
}
