//! Debian's apt, with a configuration and a state of its own beside the system's.

mod config;
mod mirror;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::error::FetchError;
use crate::leftovers::Guarded;
use crate::mysql::flavor::Flavor;
use crate::mysql::output::last_lines;

/// apt as an ordinary user: its lists, its cache and its idea of what is installed (nothing, so
/// that every dependency comes along) are in a directory of ours. The machine's proxy and other
/// settings stay in force, and so do signature checks.
pub(super) struct Apt {
    dir: PathBuf,
    flavor: Flavor,
}

impl Apt {
    pub(super) fn new(dir: &Path, flavor: Flavor) -> Result<Self, FetchError> {
        config::lay_out(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            flavor,
        })
    }

    /// Downloads the server's packages and all that they depend on; the directory they are in.
    pub(super) fn download(&self) -> Result<PathBuf, FetchError> {
        self.update(&self.mirrors()?)?;
        self.resolve()?;
        self.checked(&["--download-only", "install"], &self.flavor.packages())?;
        Ok(self.dir.join(config::ARCHIVES))
    }

    /// The mirrors that this machine's own configuration names, likeliest first.
    fn mirrors(&self) -> Result<Vec<String>, FetchError> {
        let mut command = Command::new("apt-get");
        let listed = run("apt-get", command.args(mirror::LIST_TARGETS))?;
        Ok(mirror::candidates(&String::from_utf8_lossy(&listed.stdout)))
    }

    /// Reads the suite's list of packages from the first mirror that has it.
    fn update(&self, mirrors: &[String]) -> Result<(), FetchError> {
        // The likeliest mirror comes first, so its failure is the one to tell of.
        let mut failure = FetchError::NoMirror {
            flavor: self.flavor,
        };
        for (number, mirror) in mirrors.iter().enumerate() {
            config::write_source(&self.dir, mirror, self.flavor.suite())?;
            match self.checked(&["update"], &[]) {
                Ok(()) => return Ok(()),
                Err(error) if number == 0 => failure = error,
                Err(_) => {}
            }
        }
        Err(failure)
    }

    /// Asks whether the suite has the server and all that it depends on.
    fn resolve(&self) -> Result<(), FetchError> {
        let simulated = self.apt_get(&["--simulate", "install"], &self.flavor.packages())?;
        if simulated.status.success() {
            return Ok(());
        }
        Err(FetchError::NotInSuite {
            flavor: self.flavor,
            suite: self.flavor.suite(),
            apt: said(&simulated),
        })
    }

    fn checked(&self, verb: &[&str], packages: &[&str]) -> Result<(), FetchError> {
        let output = self.apt_get(verb, packages)?;
        if output.status.success() {
            return Ok(());
        }
        Err(FetchError::Failed {
            flavor: self.flavor,
            command: format!("apt-get {} {}", verb.join(" "), packages.join(" "))
                .trim_end()
                .to_owned(),
            status: output.status.to_string(),
            said: said(&output),
        })
    }

    fn apt_get(&self, verb: &[&str], packages: &[&str]) -> Result<Output, FetchError> {
        let mut command = Command::new("apt-get");
        command
            .arg("--config-file")
            .arg(self.dir.join(config::FILE));
        command.arg("--yes").args(verb).args(packages);
        run("apt-get", &mut command)
    }
}

/// Runs a program whose words go into messages, in English.
pub(super) fn run(program: &'static str, command: &mut Command) -> Result<Output, FetchError> {
    command
        .env("LC_ALL", "C")
        .env("DEBIAN_FRONTEND", "noninteractive");
    Guarded::output(command).map_err(|source| FetchError::NoProgram { program, source })
}

/// Why a run failed: apt's own error lines if it gave any (a missing key is a warning to it),
/// else the last of what it printed.
pub(super) fn said(output: &Output) -> String {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let text = format!("{stdout}\n{stderr}");
    let why: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| {
            ["E: ", "W: GPG error"]
                .iter()
                .any(|mark| line.starts_with(mark))
        })
        .collect();
    if why.is_empty() {
        return last_lines(&text, 5).replace('\n', "; ");
    }
    why.join("; ")
}

/// The packages in a directory, in order.
pub(super) fn packages_in(dir: &Path) -> Result<Vec<PathBuf>, FetchError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(FetchError::io("reading", dir))? {
        let path = entry.map_err(FetchError::io("reading", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
