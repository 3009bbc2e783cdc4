//! What drives a browser, fetched once from npm into the cache directory of the databases.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use eastwest::leftovers::Guarded;
use eastwest::mysql::Packages;

use super::BrowserError;

/// Pinned: a test must not change with what was released last night. Both are without dependencies, and this
/// Playwright runs on Debian's Node.js.
const WANTED: [&str; 2] = ["playwright-core@1.61.1", "axe-core@4.14.1"];
const KEPT: &str = "browser-playwright-core-1.61.1-axe-core-4.14.1";

/// The folder with `node_modules`. Of several processes that ask at the same time one fetches, and the
/// others wait for it.
pub(super) fn fetched() -> Result<PathBuf, BrowserError> {
    let packages =
        Packages::in_default_cache().map_err(|error| BrowserError::Cache(error.to_string()))?;
    let cache = packages.cache_dir();
    let place = cache.join(KEPT);
    if place.is_dir() {
        return Ok(place);
    }
    fs::create_dir_all(cache).map_err(io(cache))?;
    let path = cache.join(format!("{KEPT}.lock"));
    let lock = File::create(&path).map_err(io(&path))?;
    lock.lock().map_err(io(&path))?;
    if !place.is_dir() {
        fetch(cache, &place)?;
    }
    Ok(place)
}

/// Appears in its place only when it is whole.
fn fetch(cache: &Path, place: &Path) -> Result<(), BrowserError> {
    let scratch = tempfile::tempdir_in(cache).map_err(io(cache))?;
    let root = scratch.path().join("root");
    fs::create_dir(&root).map_err(io(&root))?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--no-save",
        "--no-package-lock",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    npm.arg("--prefix").arg(&root).args(WANTED);
    let failed = |said| BrowserError::Fetch {
        wanted: WANTED.join(" and "),
        said,
    };
    let output = Guarded::output(&mut npm).map_err(|error| failed(format!("npm: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!(
            "npm, {}: {}",
            output.status,
            said.trim_end()
        )));
    }
    fs::rename(&root, place).map_err(io(place))
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> BrowserError {
    let path = path.to_owned();
    |source| BrowserError::Io { path, source }
}
