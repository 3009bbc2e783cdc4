//! Counting under callgrind: that a count comes again, and that growth is found.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Sets up in no time and draws nothing at random.
const CASE: &str = "sni";

#[test]
fn a_count_comes_again_and_growth_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first.json", "second.json"].map(|name| dir.path().join(name));
    let written = counts(&["--write".as_ref(), &first]).unwrap();
    assert!(written.status.success(), "{}", said(&written));
    let same = counts(&["--write".as_ref(), &second, "--compare".as_ref(), &first]).unwrap();
    assert!(same.status.success(), "{}", said(&same));
    let mut kept = read(&first).unwrap();
    let (before, after) = (
        count(&kept).unwrap(),
        count(&read(&second).unwrap()).unwrap(),
    );
    assert!(before > 100.0, "{before} instructions are too few");
    assert!(
        (after / before - 1.0).abs() < 0.001,
        "{before}, then {after} instructions"
    );

    // As if it had been a tenth less.
    kept["instructions"][CASE] = Value::from(before * 0.9);
    fs::write(&first, kept.to_string()).unwrap();
    let grown = counts(&["--compare".as_ref(), &first]).unwrap();
    assert_eq!(grown.status.code(), Some(1), "{}", said(&grown));
    assert!(said(&grown).contains("GREW  sni"), "{}", said(&grown));
    assert!(said(&grown).contains("(+11.1 %)"), "{}", said(&grown));

    // Another compiler's counts say nothing.
    kept["built"] = Value::from("rustc 1.0.0");
    fs::write(&first, kept.to_string()).unwrap();
    let other = counts(&["--compare".as_ref(), &first]).unwrap();
    assert_eq!(other.status.code(), Some(3), "{}", said(&other));
    assert!(said(&other).contains("NOT COMPARABLE"), "{}", said(&other));

    // A case that has another name now is not counted any more.
    kept["instructions"]["snl"] = Value::from(before);
    fs::write(&first, kept.to_string()).unwrap();
    let lost = counts(&["--compare".as_ref(), &first]).unwrap();
    assert_eq!(lost.status.code(), Some(1), "{}", said(&lost));
    assert!(said(&lost).contains("LOST  snl"), "{}", said(&lost));
}

fn counts(args: &[&Path]) -> io::Result<Output> {
    let mut run = Command::new(env!("CARGO_BIN_EXE_counts"));
    run.arg(CASE).args(args).output()
}

fn said(run: &Output) -> String {
    let streams = [&run.stdout, &run.stderr];
    streams.map(|it| String::from_utf8_lossy(it)).concat()
}

fn read(path: &Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn count(kept: &Value) -> Option<f64> {
    kept["instructions"][CASE].as_f64()
}
