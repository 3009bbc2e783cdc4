//! Tells the program of what it is built: by which compiler, for which machine, and from which commit if
//! `EASTWEST_COMMIT` says so. Git is not asked: the same sources give the same program, wherever they lie.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::Command;

const COMMIT: &str = "EASTWEST_COMMIT";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={COMMIT}");
    let version = env::var("CARGO_PKG_VERSION")?;
    let target = env::var("TARGET")?;
    let rustc = rustc()?;
    let commit = env::var(COMMIT).unwrap_or_default();
    let mut long = version;
    if !commit.is_empty() {
        if commit.len() < 7 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("{COMMIT}={commit} is no commit: git rev-parse HEAD").into());
        }
        println!("cargo::rustc-env=EASTWEST_BUILD_COMMIT={commit}");
        long = format!("{long} commit {commit}");
    }
    println!("cargo::rustc-env=EASTWEST_BUILD_RUSTC={rustc}");
    println!("cargo::rustc-env=EASTWEST_BUILD_TARGET={target}");
    println!("cargo::rustc-env=EASTWEST_BUILD_LONG={long} (rustc {rustc}, {target})");
    Ok(())
}

/// The compiler's version, as in `rustc 1.95.0 (59807616e 2026-04-14)`.
fn rustc() -> Result<String, Box<dyn Error>> {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let said = Command::new(compiler).arg("--version").output()?;
    let said = String::from_utf8(said.stdout)?;
    let version = said.split_whitespace().nth(1);
    Ok(version.ok_or("rustc does not tell its version")?.to_owned())
}
