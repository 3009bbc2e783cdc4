//! `eastwest certs` as people call it, and the library behind it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use clap::Parser;
use eastwest_transport::tls::{Identity, IdentityFiles, Purposes, Utc, Validity};
use tempfile::TempDir;
use x509_parser::pem::Pem;

use super::command::run_to;
use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";

mod refusals;
mod shape;
mod writing;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    certs: CertsArgs,
}

/// Runs `eastwest certs` with the words of `line`; `@` stands for the folder. Gives what it prints.
fn certs(dir: &Path, line: &str) -> Result<String, String> {
    let line = line.replace('@', dir.to_str().unwrap());
    let cli = Cli::try_parse_from(["certs"].into_iter().chain(line.split_whitespace()))
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    run_to(&cli.certs, &mut out).map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8(out).unwrap())
}

fn load(dir: &Path) -> Identity {
    Identity::load(&IdentityFiles::in_dir(dir).unwrap(), SystemTime::now()).unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn pems(text: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(text.as_bytes())
        .map(Result::unwrap)
        .collect()
}

fn request(validity: Validity) -> WorkloadRequest {
    WorkloadRequest {
        id: ID.parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::EcdsaP256,
        validity,
    }
}

/// A folder with a root and the CA of one cluster.
fn with_cluster() -> TempDir {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "root --out @/root").unwrap();
    certs(dir.path(), "cluster cluster-a --root @/root --out @/a").unwrap();
    dir
}
