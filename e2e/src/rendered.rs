//! The manifests of `deploy/` as they are applied, read and rendered by `deploy/check`.

use std::collections::BTreeMap;
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

/// What is in files, and what is applied of folders with a kustomization.yaml, each by its path.
///
/// # Errors
/// When one cannot be read, or a kustomization has what the renderer does not know.
pub fn objects(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Vec<Value>>, RenderError> {
    let mut python = Command::new("python3");
    python.args(["-B", "-m", "check.rendered"]).args(paths);
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched()?);
    let failed = |python: &Command, said| RenderError::Failed {
        command: format!("{python:?}"),
        said,
    };
    let output = Guarded::output(&mut python);
    let output = output.map_err(|error| failed(&python, format!("could not be run: {error}")))?;
    if !output.status.success() {
        let printed = String::from_utf8_lossy(&output.stderr);
        let said = format!("ended with {}: {}", output.status, printed.trim());
        return Err(failed(&python, said));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(&python, format!("printed no objects: {error}")))
}
