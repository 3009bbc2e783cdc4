//! Writing PEM files so that nobody sees half of one, and only the owner sees a key.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use super::error::CertError;

/// What to do with files that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave them, and fail.
    Refuse,
    /// Replace them.
    Replace,
}

/// A file to write.
pub(super) struct PemFile {
    name: &'static str,
    text: String,
    mode: u32,
}

impl PemFile {
    /// One that everybody may read.
    pub(super) fn public(name: &'static str, text: String) -> Self {
        Self {
            name,
            text,
            mode: 0o644,
        }
    }

    /// One that only its owner may read.
    pub(super) fn secret(name: &'static str, text: String) -> Self {
        Self {
            name,
            text,
            mode: 0o600,
        }
    }
}

/// Writes all of `files` into `dir`, which is made if it is missing.
///
/// Each is first written whole beside its place and then moved there, all in one go at the end, so a
/// process that watches the folder does not long see a key without its certificate.
///
/// # Errors
/// If one of them is there already and may not be replaced; then none is written.
pub(super) fn write_all(
    dir: &Path,
    files: &[PemFile],
    overwrite: Overwrite,
) -> Result<(), CertError> {
    if overwrite == Overwrite::Refuse
        && let Some(taken) = files
            .iter()
            .map(|file| dir.join(file.name))
            .find(|path| is_taken(path))
    {
        return Err(CertError::Exists(taken));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(CertError::io("make the folder", dir))?;
    let written: Vec<_> = files
        .iter()
        .map(|file| Draft::write(dir, file))
        .collect::<Result<_, _>>()?;
    written
        .into_iter()
        .try_for_each(|draft| draft.publish(overwrite))
}

/// A link that leads nowhere takes the place too.
fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A file written whole under another name; removed unless it is published.
struct Draft {
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    fn write(dir: &Path, file: &PemFile) -> Result<Self, CertError> {
        let path = dir.join(format!(".{}.{}.tmp", file.name, process::id()));
        // Left behind by a process of the same number that was killed.
        let _ = fs::remove_file(&path);
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(file.mode)
            .open(&path)
            .map_err(CertError::io("write", &path))?;
        let draft = Self {
            target: dir.join(file.name),
            path,
        };
        out.write_all(file.text.as_bytes())
            .and_then(|()| out.sync_all())
            .map_err(CertError::io("write", &draft.path))?;
        Ok(draft)
    }

    fn publish(self, overwrite: Overwrite) -> Result<(), CertError> {
        let moved = match overwrite {
            Overwrite::Replace => fs::rename(&self.path, &self.target),
            // Unlike a rename, a link fails where something has come up since the check.
            Overwrite::Refuse => fs::hard_link(&self.path, &self.target),
        };
        moved.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => CertError::Exists(self.target.clone()),
            _ => CertError::io("write", &self.target)(error),
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
