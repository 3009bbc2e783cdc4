//! `eastwest demo` where something around it is odd: what it prints, and what it says is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use eastwest::stage::Host;
use eastwest_e2e::{eastwest, machine};

/// What `demo --mysql` says on standard output and standard error when it fails.
fn fails(change: impl FnOnce(&mut Command)) -> (String, String) {
    let mut command = Command::new(eastwest());
    command.args(["demo", "--mysql"]);
    change(&mut command);
    let output = command.output().unwrap();
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    (out, err)
}

#[test]
fn whoever_has_read_enough_is_not_bothered() {
    let (_stage, machine) = machine().unwrap();
    let mut demo = machine
        .command(eastwest().as_os_str())
        .args(["demo", "--loopback"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("Two clusters"), "{line}");
    let mut said = String::new();
    demo.stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    // 128 and the number of SIGPIPE.
    assert_eq!(demo.wait().unwrap().code(), Some(141));
    assert_eq!(said, "");
}

#[test]
fn a_folder_for_temporary_files_that_is_not_there_is_told_once() {
    let (_, said) = fails(|command| {
        command.env("TMPDIR", "/nonexistent");
    });
    assert!(said.contains("set TMPDIR"), "{said}");
    assert_eq!(said.matches("No such file").count(), 1, "{said}");
}

#[test]
fn a_path_too_long_for_a_database_is_told_before_anything_else() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("long".repeat(25));
    std::fs::create_dir(&long).unwrap();
    let (shown, said) = fails(|command| {
        command.env("TMPDIR", &long);
    });
    assert!(
        said.contains("too long for the Unix socket") && said.contains("TMPDIR"),
        "{said}"
    );
    assert!(!shown.contains("ALIAS"), "{shown}");
}

#[test]
fn a_cache_that_cannot_be_is_told_before_anything_else() {
    let (shown, said) = fails(|command| {
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME");
    });
    assert!(said.contains("set HOME or XDG_CACHE_HOME"), "{said}");
    assert!(!shown.contains("ALIAS"), "{shown}");
    let (shown, said) = fails(|command| {
        command.env("XDG_CACHE_HOME", "/proc");
    });
    assert!(
        said.contains("cannot keep servers in /proc/eastwest"),
        "{said}"
    );
    assert!(said.contains("set XDG_CACHE_HOME"), "{said}");
    assert!(!shown.contains("ALIAS"), "{shown}");
}

#[test]
fn what_does_not_get_through_is_shown_in_columns() {
    let output = Command::new(eastwest()).arg("demo").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}");
    let rows: Vec<(&str, &str)> = shown
        .lines()
        .skip_while(|line| *line != "What does not get through:")
        .skip(1)
        .filter_map(|line| line.trim_start().split_once("  "))
        .collect();
    // The pod, two ports of each of five pods, the name server, and three ports of the gateway.
    assert_eq!(rows.len(), 15, "{shown}");
    let begins = |(name, rest): &(&str, &str)| name.len() + rest.len() - rest.trim_start().len();
    let first = begins(rows.first().unwrap());
    assert!(rows.iter().all(|row| begins(row) == first), "{shown}");
}
