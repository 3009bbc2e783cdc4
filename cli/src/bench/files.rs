//! The files that are wanted beside what is printed.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::args::LoadArgs;
use super::report::Report;

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plot,
    Json,
    Text,
}

/// A file that is wanted.
#[derive(Debug)]
pub(super) struct WantedFile {
    flag: &'static str,
    path: PathBuf,
    form: Form,
}

/// Why it will not be there.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("{flag}: there is no folder {}", .folder.display())]
    NoFolder { flag: &'static str, folder: PathBuf },
    #[error("{flag}: cannot write {}: {source}", .path.display())]
    Refused {
        flag: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// All that a run is to write.
pub(super) fn wanted(args: &LoadArgs) -> Vec<WantedFile> {
    let plot = args.plot.iter().map(|path| WantedFile {
        flag: "--plot",
        path: path.clone(),
        form: Form::Plot,
    });
    let out = args.out.iter().flat_map(|folder| {
        let all = [
            ("bench.svg", Form::Plot),
            ("bench.json", Form::Json),
            ("bench.txt", Form::Text),
        ];
        all.map(|(name, form)| WantedFile {
            flag: "--out",
            path: folder.join(name),
            form,
        })
    });
    plot.chain(out).collect()
}

impl WantedFile {
    /// Whether it can be written, before minutes are spent.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) fn check(&self) -> Result<(), Unwritable> {
        let flag = self.flag;
        let folder = self.path.parent();
        if let Some(folder) = folder.filter(|it| !it.as_os_str().is_empty() && !it.is_dir()) {
            let folder = folder.to_owned();
            return Err(Unwritable::NoFolder { flag, folder });
        }
        try_to_open(&self.path).map_err(|source| Unwritable::Refused {
            flag,
            path: self.path.clone(),
            source,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written after all.
    pub(super) fn write(&self, report: &Report<'_>) -> anyhow::Result<()> {
        let text = match self.form {
            Form::Plot => report.plot(),
            Form::Json => report.json()?,
            Form::Text => report.text(),
        };
        fs::write(&self.path, text).with_context(|| format!("writing {}", self.path.display()))
    }
}

/// What is there keeps what it says, and what is not is taken away again: a run that is interrupted leaves
/// no files.
fn try_to_open(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(path).map(drop)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(path: &Path) -> Result<(), String> {
        let file = WantedFile {
            flag: "--plot",
            path: path.to_owned(),
            form: Form::Plot,
        };
        file.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_written_is_named_with_its_flag() {
        let dir = tempfile::tempdir().unwrap();
        let missing = checked(&dir.path().join("none/bench.svg")).unwrap_err();
        assert!(
            missing.starts_with("--plot: there is no folder "),
            "{missing}"
        );
        // A folder, and a file system that has no files of others, whoever asks.
        for path in [dir.path(), Path::new("/proc/bench.svg")] {
            let refused = checked(path).unwrap_err();
            let named = format!("--plot: cannot write {}: ", path.display());
            assert!(refused.starts_with(&named), "{refused}");
        }
        assert_eq!(checked(Path::new("bench-that-is-not-there.svg")), Ok(()));
    }

    #[test]
    fn looking_changes_no_file_and_leaves_none() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old.svg"), dir.path().join("new.svg"));
        fs::write(&old, "of the last run").unwrap();
        for path in [&old, &new] {
            assert_eq!(checked(path), Ok(()));
        }
        assert_eq!(fs::read_to_string(&old).unwrap(), "of the last run");
        assert!(!new.exists());
    }
}
