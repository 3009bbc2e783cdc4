//! Debian's packages, downloaded with what they need and this machine lacks, and unpacked.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use eastwest::leftovers::{Guarded, GuardedFolder};

/// Where programs are, below a root.
const FOLDERS: [&str; 4] = ["usr/sbin", "usr/bin", "sbin", "bin"];

/// A folder that packages are unpacked into, beside the machine's own files.
#[derive(Debug)]
pub(super) struct Debian {
    root: PathBuf,
    lists_are_new: Cell<bool>,
}

impl Debian {
    pub(super) const fn in_dir(root: PathBuf) -> Self {
        Self {
            root,
            lists_are_new: Cell::new(false),
        }
    }

    /// A program, from the machine if it is installed there.
    pub(super) fn find(
        &self,
        program: &str,
        packages: &[&str],
        fetch: bool,
    ) -> anyhow::Result<PathBuf> {
        if let Some(path) = self.look(program) {
            return Ok(path);
        }
        ensure!(fetch, "is not here");
        self.fetch(packages)?;
        let found = self.look(program);
        found.with_context(|| format!("package {} without {program}", packages.join(", ")))
    }

    fn look(&self, program: &str) -> Option<PathBuf> {
        let roots = [Path::new("/"), &self.root];
        let places = roots
            .iter()
            .flat_map(|root| FOLDERS.iter().map(|it| root.join(it)));
        places
            .map(|folder| folder.join(program))
            .find(|path| path.is_file())
    }

    /// A file of a package.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        let unpacked = self.root.join(path);
        if unpacked.exists() {
            return unpacked;
        }
        Path::new("/").join(path)
    }

    /// Where the libraries of a program are; of an installed one the machine knows it.
    pub(super) fn libraries(&self, program: &Path) -> OsString {
        let folders = ["usr/lib", "lib"].map(|lib| self.root.join(lib));
        let folders = folders
            .iter()
            .flat_map(|lib| fs::read_dir(lib).into_iter().flatten());
        let folders = folders
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir());
        if program.starts_with(&self.root) {
            std::env::join_paths(folders).unwrap_or_default()
        } else {
            OsString::new()
        }
    }

    fn fetch(&self, packages: &[&str]) -> anyhow::Result<()> {
        fs::create_dir_all(&self.root).context("making the cache folder")?;
        let lock = File::create(self.root.join("lock")).context("locking the cache folder")?;
        lock.lock().context("locking the cache folder")?;
        // Only root may; others use the lists as they are.
        if nix::unistd::geteuid().is_root() && !self.lists_are_new.replace(true) {
            apt(Path::new("/"), &["update"], &[])?;
        }
        let needed = needed(&apt(Path::new("/"), &["install", "--simulate"], packages)?);
        ensure!(
            !needed.is_empty(),
            "{} is installed, but is not where it should be",
            packages.join(", ")
        );
        let scratch = GuardedFolder::new("eastwest-peers-")?;
        let needed: Vec<_> = needed.iter().map(String::as_str).collect();
        apt(scratch.path(), &["download"], &needed)?;
        for entry in fs::read_dir(scratch.path())? {
            let mut unpack = Command::new("dpkg-deb");
            run(unpack.arg("--extract").arg(entry?.path()).arg(&self.root))?;
        }
        Ok(())
    }
}

fn apt(dir: &Path, verb: &[&str], packages: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("apt-get");
    command.current_dir(dir).env("LC_ALL", "C");
    // Without the sandbox's user, who may not write to a folder of ours.
    command.args([
        "--option",
        "APT::Sandbox::User=root",
        "--no-install-recommends",
        "--yes",
    ]);
    run(command.args(verb).args(packages))
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let named = command.get_program().to_string_lossy().into_owned();
    let output = Guarded::output(command).with_context(|| format!("running {named}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let advice = "as root, `apt-get update` brings the lists up to date";
    ensure!(
        output.status.success(),
        "{named}: {} ({advice})",
        said.trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What apt would install: lines such as `Inst libev4 (1:4.33-1 Debian:12.15/oldstable [amd64])`.
fn needed(simulated: &str) -> Vec<String> {
    let lines = simulated
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_what_apt_would_install() {
        let simulated = "\
Reading package lists...
Inst libev4 (1:4.33-1 Debian:12.15/oldstable [amd64])
Inst sniproxy (0.6.0-2.1 Debian:12.15/oldstable [amd64])
Conf libev4 (1:4.33-1 Debian:12.15/oldstable [amd64])
";
        assert_eq!(needed(simulated), ["libev4", "sniproxy"]);
        assert!(needed("Reading package lists...\n").is_empty());
    }

    #[test]
    fn what_is_neither_installed_nor_unpacked_is_not_found_without_fetching() {
        let dir = GuardedFolder::new("peers-test-").unwrap();
        let debian = Debian::in_dir(dir.path().to_owned());
        assert!(
            debian
                .find("no-such-program", &["no-such-package"], false)
                .is_err()
        );
        let folder = dir.path().join("usr/sbin");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("no-such-program"), "").unwrap();
        let found = debian.find("no-such-program", &[], false).unwrap();
        assert_eq!(found, folder.join("no-such-program"));
        fs::create_dir_all(dir.path().join("usr/lib/x86_64-linux-gnu")).unwrap();
        assert_eq!(
            debian.libraries(&found),
            dir.path().join("usr/lib/x86_64-linux-gnu")
        );
        assert!(debian.libraries(Path::new("/usr/sbin/nginx")).is_empty());
    }
}
