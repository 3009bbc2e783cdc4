//! The programs that a benchmark runs, and what it says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

/// `cargo test` of one package builds no program of another one.
pub(crate) fn beside(program: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet"]);
    for package in [
        "eastwest",
        "eastwest-gateway",
        "eastwest-shim",
        "eastwest-resolver",
    ] {
        command.args(["--package", package]);
    }
    if program
        .parent()
        .is_some_and(|folder| folder.ends_with("release"))
    {
        command.arg("--release");
    }
    let built = command.status().is_ok_and(|status| status.success());
    assert!(built, "what is measured could not be built");
}

/// What it has said, to its end and without failing.
pub(crate) fn said_by(command: &mut Command) -> String {
    let run = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success(), "{said}");
    said
}
