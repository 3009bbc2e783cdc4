//! The program, and its commands as `--help` has them.

use std::process::{Command, Output, Stdio};

pub(crate) const EASTWEST: &str = env!("CARGO_BIN_EXE_eastwest");

pub(crate) fn eastwest(args: &[&str]) -> Output {
    let mut command = Command::new(EASTWEST);
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

/// What it prints, where it does not fail.
pub(crate) fn said(args: &[&str]) -> String {
    let output = eastwest(args);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

/// All commands that people see, each as its words, found by following `--help`.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while let Some(words) = found.get(at).cloned() {
        for sub in below(&words) {
            found.push([words.as_slice(), &[sub]].concat());
        }
        at += 1;
    }
    found
}

/// The `--help` of a command.
pub(crate) fn help(words: &[String]) -> String {
    let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
    args.push("--help");
    said(&args)
}

/// What stands below `Commands:`, without `help`.
fn below(words: &[String]) -> Vec<String> {
    let help = help(words);
    let from = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = from
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    names.map(first).filter(|name| name != "help").collect()
}

/// The long flags that a `--help` describes, each once.
pub(crate) fn flags(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start);
    let flags = lines.filter_map(|line| {
        let long = match line.strip_prefix("--") {
            Some(long) => long,
            None => line.strip_prefix('-')?.get(1..)?.strip_prefix(", --")?,
        };
        let end = long.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        Some(long[..end.unwrap_or(long.len())].to_owned())
    });
    let mut flags: Vec<String> = flags.collect();
    flags.sort();
    flags.dedup();
    flags
}
