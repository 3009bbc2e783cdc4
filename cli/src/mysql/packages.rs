//! Fetching a server once, into a cache directory.

mod apt;
mod error;
mod unpack;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub use error::FetchError;

use super::flavor::Flavor;
use super::installed::Installed;
use apt::Apt;

/// Servers fetched from the Debian mirror of this machine's own apt configuration.
///
/// A server that is there is used as it is; remove its directory to get a newer one.
#[derive(Debug, Clone)]
pub struct Packages {
    cache_dir: PathBuf,
}

impl Packages {
    /// Keeps them in `cache_dir`, which is made when it is needed.
    pub fn in_dir(cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            cache_dir: cache_dir.into(),
        }
    }

    /// Keeps them in `$XDG_CACHE_HOME/eastwest`, or `~/.cache/eastwest` (XDG base directories).
    pub fn in_default_cache() -> Result<Self, FetchError> {
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
        };
        let cache = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .ok_or(FetchError::NoCacheDir)?;
        Ok(Self::in_dir(cache.join("eastwest")))
    }

    /// Where they are kept.
    pub fn cache_dir(&self) -> &Path {
        &self.cache_dir
    }

    /// Whether the server is there, so that [`ensure`](Self::ensure) downloads nothing.
    pub fn is_here(&self, flavor: Flavor) -> bool {
        self.root(flavor).is_dir()
    }

    /// Whether a server is there, or can be kept when it is fetched.
    ///
    /// # Errors
    /// When the cache directory cannot be made or written to.
    pub fn check(&self, flavor: Flavor) -> Result<(), FetchError> {
        if self.is_here(flavor) {
            return Ok(());
        }
        let dir = &self.cache_dir;
        fs::create_dir_all(dir)
            .and_then(|()| tempfile::tempfile_in(dir))
            .map(drop)
            .map_err(FetchError::bad_cache(dir))
    }

    /// The server, fetched and unpacked unless it is there: 66 MB for MySQL, 17 MB for MariaDB.
    ///
    /// Several processes may ask at the same time: one fetches, the others wait for it. The
    /// directory appears only when the server in it has run, so a broken download leaves nothing.
    pub fn ensure(&self, flavor: Flavor) -> Result<Installed, FetchError> {
        if !self.is_here(flavor) {
            let _lock = lock(&self.cache_dir, flavor.key())?;
            if !self.is_here(flavor) {
                self.fetch(flavor)?;
            }
        }
        Ok(Installed::in_dir(
            flavor,
            &self.root(flavor),
            &self.cache_dir,
        )?)
    }

    fn root(&self, flavor: Flavor) -> PathBuf {
        self.cache_dir.join(flavor.key())
    }

    fn fetch(&self, flavor: Flavor) -> Result<(), FetchError> {
        // The lock is held, so what an interrupted fetch has left is nobody's.
        let scratch = self.cache_dir.join(format!("{}.partial", flavor.key()));
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(FetchError::io("removing", &scratch))?;
        }
        let fetched = self.fetch_into(flavor, &scratch);
        let removed = fs::remove_dir_all(&scratch);
        fetched?;
        removed.map_err(FetchError::io("removing", &scratch))
    }

    fn fetch_into(&self, flavor: Flavor, scratch: &Path) -> Result<(), FetchError> {
        let archives = Apt::new(&scratch.join("apt"), flavor)?.download()?;
        let root = scratch.join("root");
        unpack::unpack(flavor, &archives, &root)?;
        Installed::in_dir(flavor, &root, &self.cache_dir)?;
        let place = self.root(flavor);
        fs::rename(&root, &place).map_err(FetchError::io("moving the server to", &place))
    }
}

/// Holds `DIR/NAME.lock` against other threads and processes until it is dropped.
pub(super) fn lock(dir: &Path, name: &str) -> Result<File, FetchError> {
    fs::create_dir_all(dir).map_err(FetchError::bad_cache(dir))?;
    let path = dir.join(format!("{name}.lock"));
    let file = File::create(&path).map_err(FetchError::bad_cache(dir))?;
    file.lock().map_err(FetchError::io("locking", &path))?;
    Ok(file)
}

#[cfg(test)]
mod tests;
