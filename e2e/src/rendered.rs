//! The manifests of `deploy/` as they are applied, read and rendered by `deploy/check`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use eastwest::leftovers::Guarded;
use serde_json::Value;
use thiserror::Error;

use crate::fetched::{FetchError, PYYAML};

/// Why there are no objects.
#[derive(Debug, Error)]
pub enum RenderError {
    /// What reads YAML is not here.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The renderer found a mistake, or could not be run.
    #[error("`{command}` {said}")]
    Failed {
        /// What was run.
        command: String,
        /// How it ended and what it printed.
        said: String,
    },
}

/// The folder `deploy`.
#[must_use]
pub fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// What a module of `deploy/check` prints, given these arguments.
///
/// # Errors
/// When it ends with a fault, or could not be run.
pub fn printed<A: AsRef<OsStr>>(
    module: &str,
    args: impl IntoIterator<Item = A>,
) -> Result<Vec<u8>, RenderError> {
    let mut python = Command::new("python3");
    python.args(["-B", "-m", module]).args(args);
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched()?);
    let command = format!("{python:?}");
    let failed = |said| RenderError::Failed { command, said };
    let output = match Guarded::output(&mut python) {
        Ok(output) => output,
        Err(error) => return Err(failed(format!("could not be run: {error}"))),
    };
    if !output.status.success() {
        let [out, err] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
        let said = format!("ended with {}: {}{}", output.status, out, err.trim());
        return Err(failed(said));
    }
    Ok(output.stdout)
}

/// What is in files, and what is applied of folders with a kustomization.yaml, each by its path.
///
/// # Errors
/// When one cannot be read, or a kustomization has what the renderer does not know.
pub fn objects(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Vec<Value>>, RenderError> {
    let module = "check.rendered";
    serde_json::from_slice(&printed(module, paths)?).map_err(|error| RenderError::Failed {
        command: module.to_owned(),
        said: format!("printed no objects: {error}"),
    })
}
