//! Tells the program which TLS library is in it: Cargo.lock says so, the libraries do not.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

const LIBRARIES: [&str; 2] = ["rustls", "aws-lc-rs"];

fn main() -> Result<(), Box<dyn Error>> {
    let here = env::var("CARGO_MANIFEST_DIR")?;
    let path = Path::new(&here).join("../Cargo.lock");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", path.display());
    let lock = fs::read_to_string(path)?;
    for library in LIBRARIES {
        let version =
            version(&lock, library).ok_or_else(|| format!("Cargo.lock has no {library}"))?;
        let name = library.to_uppercase().replace('-', "_");
        println!("cargo::rustc-env=EASTWEST_BUILD_{name}={version}");
    }
    Ok(())
}

/// What stands in the line after the package's name.
fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?;
    version.strip_prefix("version = \"")?.strip_suffix('"')
}
