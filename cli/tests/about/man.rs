//! Manual pages: one for each command, and all that `--help` has is in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{commands, eastwest, flags, help, said};

/// The pages, in a folder that goes with it.
fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    said(&["man", "--out", path.to_str().unwrap()]);
    folder
}

/// The page's file, read as roff: a hyphen of a flag is `\-` there.
fn read(folder: &Path, name: &str) -> String {
    let path = folder.join("man1").join(format!("{name}.1"));
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    page.replace("\\-", "-")
}

fn name(words: &[String]) -> String {
    [&["eastwest".to_owned()], words].concat().join("-")
}

#[test]
fn every_command_has_a_page_with_all_its_flags_and_no_page_is_left_over() {
    let folder = written();
    let mut names = BTreeSet::new();
    for words in commands() {
        let name = name(&words);
        let page = read(folder.path(), &name);
        let flags = flags(&help(&words));
        assert!(!flags.is_empty(), "{words:?}");
        for flag in flags {
            assert!(
                page.contains(&format!("\\fB--{flag}\\fR")),
                "{name}: --{flag}"
            );
        }
        names.insert(format!("{name}.1"));
    }
    assert!(names.len() > 30, "{names:?}");
    let files = fs::read_dir(folder.path().join("man1")).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, names);
}

#[test]
fn the_formatter_has_nothing_to_complain_of() {
    let folder = written();
    let mut pages: Vec<_> = fs::read_dir(folder.path().join("man1"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    pages.sort();
    let mut mandoc = Command::new("mandoc");
    let output = mandoc
        .args(["-T", "lint", "-W", "warning"])
        .args(&pages)
        .output();
    let output = output.unwrap_or_else(|error| panic!("mandoc: {error}: apt-get install mandoc"));
    let complaints = String::from_utf8(output.stdout).unwrap();
    // A page of which no day is known has no date; nothing else is missing.
    let others: Vec<&str> = complaints
        .lines()
        .filter(|line| !line.contains("WARNING: missing date, using \"\": TH"))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    assert_eq!(complaints.lines().count(), pages.len());
}

#[test]
fn a_page_reads_as_the_help_does() {
    let folder = written();
    let path = folder.path().join("man1/eastwest-shim-capture-lay.1");
    let mut mandoc = Command::new("mandoc");
    let output = mandoc
        .args(["-T", "utf8", "-O", "width=200"])
        .arg(path)
        .output();
    let output = output.unwrap_or_else(|error| panic!("mandoc: {error}: apt-get install mandoc"));
    let text = String::from_utf8(output.stdout).unwrap();
    // Bold and italic letters are struck twice.
    let mut letters = text.chars().peekable();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        match letters.next_if_eq(&'\u{8}') {
            Some(_) => {}
            None => plain.push(letter),
        }
    }
    for part in [
        "eastwest-shim-capture-lay - Lay the rules, in place of those of an earlier run",
        "--shim-uid <UID> [default: 1337]",
        "What this uid itself sends to a virtual IP is refused",
        "eastwest-shim-capture(1)",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

#[test]
fn one_page_is_printed_by_any_of_its_names() {
    let page = said(&["man", "doctor"]);
    assert_eq!(said(&["man", "eastwest-doctor"]), page);
    assert!(page.contains(".TH eastwest-doctor 1 "));
    assert!(said(&["man", "certs", "all"]).contains(".TH eastwest-certs-all 1 "));
    assert!(said(&["man"]).contains(".TH eastwest 1 "));
    let output = eastwest(&["man", "docter"]);
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.ends_with("did you mean doctor?\n"), "{err}");
}
