//! A server's files: where the programs are and how they are run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

use super::flavor::Flavor;
use crate::stage::host::{Host, ThisMachine};

/// A directory is not a server that can be run.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// A program is not where a Debian package or a tarball puts it.
    #[error(
        "{dir}: no {program} in usr/sbin, usr/bin, sbin or bin; \
         give the directory of an unpacked {flavor} server, or /usr for an installed one"
    )]
    Missing {
        /// The directory that was searched.
        dir: PathBuf,
        /// The program that was looked for.
        program: &'static str,
        /// The flavor that was asked for.
        flavor: Flavor,
    },
    /// The server does not even print its version.
    #[error("{program} --version does not run: {reason}")]
    DoesNotRun {
        /// The server program.
        program: PathBuf,
        /// The system's or the program's words.
        reason: String,
    },
    /// The program runs, but is the other server.
    #[error("{program} is not {flavor}: it says {version}")]
    OtherFlavor {
        /// The server program.
        program: PathBuf,
        /// The flavor that was asked for.
        flavor: Flavor,
        /// What it printed.
        version: String,
    },
}

/// A server that can be run: its files and its version.
#[derive(Debug, Clone)]
pub struct Installed {
    flavor: Flavor,
    version: String,
    basedir: PathBuf,
    server: PathBuf,
    client: PathBuf,
    loader: Option<Loader>,
    cache_dir: PathBuf,
}

/// The dynamic loader that came with the server, and the libraries that go with it.
#[derive(Debug, Clone)]
struct Loader {
    program: PathBuf,
    library_path: OsString,
}

impl Installed {
    /// Takes the server in `dir`: the root of unpacked Debian packages, a vendor's tarball, or
    /// `/usr`. `cache_dir` keeps the empty data directory that new servers are copied from.
    pub fn in_dir(flavor: Flavor, dir: &Path, cache_dir: &Path) -> Result<Self, LayoutError> {
        let server = find(dir, flavor, flavor.server_programs())?;
        let client = find(dir, flavor, flavor.client_programs())?;
        let usr = dir.join("usr");
        let basedir = if server.starts_with(&usr) {
            usr
        } else {
            dir.to_owned()
        };
        let mut installed = Self {
            flavor,
            version: String::new(),
            basedir,
            server,
            client,
            loader: Loader::in_dir(dir),
            cache_dir: cache_dir.to_owned(),
        };
        installed.version = installed.ask_version()?;
        Ok(installed)
    }

    /// Which server it is.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// Its version as it prints it, e.g. `9.7.4-2` or `10.11.18-MariaDB-0+deb12u1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What `--basedir` is to be: messages and character sets are under its `share`.
    pub(super) fn basedir(&self) -> &Path {
        &self.basedir
    }

    /// Where things made once from this server are kept.
    pub(super) fn cache_dir(&self) -> &Path {
        &self.cache_dir
    }

    /// A command that becomes the server on `host`: the child's pid is the server's.
    pub fn server_command(&self, host: &dyn Host) -> Command {
        self.command(host, &self.server)
    }

    /// A command that becomes the command-line client on `host`.
    pub fn client_command(&self, host: &dyn Host) -> Command {
        self.command(host, &self.client)
    }

    fn command(&self, host: &dyn Host, program: &Path) -> Command {
        let Some(loader) = &self.loader else {
            return host.command(program.as_os_str());
        };
        let mut command = host.command(loader.program.as_os_str());
        // Without --argv0 the server would take the loader's directory for its own.
        command.arg("--argv0").arg(program);
        command.arg("--library-path").arg(&loader.library_path);
        command.arg(program);
        command
    }

    fn ask_version(&self) -> Result<String, LayoutError> {
        let fail = |reason: String| LayoutError::DoesNotRun {
            program: self.server.clone(),
            reason,
        };
        let output = self
            .server_command(&ThisMachine)
            .args(["--no-defaults", "--version"])
            .output()
            .map_err(|error| fail(error.to_string()))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(fail(format!("{}: {}", output.status, text.trim())));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let version = version_of(&text)
            .ok_or_else(|| fail(format!("no version in its answer {:?}", text.trim())))?;
        if version.contains("MariaDB") != (self.flavor == Flavor::MariaDb) {
            return Err(LayoutError::OtherFlavor {
                program: self.server.clone(),
                flavor: self.flavor,
                version: version.to_owned(),
            });
        }
        Ok(version.to_owned())
    }
}

/// `mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))` -> `9.7.4-2`.
fn version_of(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace();
    words.find(|word| *word == "Ver")?;
    words.next()
}

fn find(
    dir: &Path,
    flavor: Flavor,
    programs: &'static [&'static str],
) -> Result<PathBuf, LayoutError> {
    for folder in ["usr/sbin", "usr/bin", "sbin", "bin"] {
        for program in programs {
            let path = dir.join(folder).join(program);
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    Err(LayoutError::Missing {
        dir: dir.to_owned(),
        program: programs.first().copied().unwrap_or("server"),
        flavor,
    })
}

impl Loader {
    /// The loader under `dir`, by its real file: the `lib64` links of Debian 12 are absolute and
    /// would lead out of the unpacked tree.
    fn in_dir(dir: &Path) -> Option<Self> {
        let folders: Vec<PathBuf> = ["lib", "usr/lib"]
            .iter()
            .flat_map(|lib| entries(&dir.join(lib)))
            .filter(|path| path.is_dir() && name_has(path, "-linux-gnu"))
            .collect();
        let program = folders
            .iter()
            .flat_map(|folder| entries(folder))
            .find(|path| name_has(path, "ld-linux") && !path.is_symlink())?;
        let library_path = std::env::join_paths(&folders).ok()?;
        Some(Self {
            program,
            library_path,
        })
    }
}

/// What a directory holds, in order; a directory that cannot be read holds nothing.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    found.sort();
    found
}

fn name_has(path: &Path, part: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains(part))
}

#[cfg(test)]
pub(super) mod tests;
