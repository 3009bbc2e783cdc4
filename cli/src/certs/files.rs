//! Writing PEM files so that nobody sees half of one, and only the owner sees a key.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

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
            Overwrite::Refuse => self.rename_to_free_place(),
        };
        moved.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => CertError::Exists(self.target.clone()),
            _ => CertError::io("write", &self.target)(error),
        })
    }

    /// Fails where something has come up since the check. A hard link would do so too, but FAT, on
    /// which keys are carried about, has none.
    fn rename_to_free_place(&self) -> io::Result<()> {
        let (from, to) = (&self.path, &self.target);
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some network file systems do not know the flag: a second look has to do.
            Err(Errno::INVAL | Errno::NOSYS) if !is_taken(to) => fs::rename(from, to),
            Err(Errno::INVAL | Errno::NOSYS) => Err(io::ErrorKind::AlreadyExists.into()),
            moved => Ok(moved?),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_up_after_the_check_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let draft = Draft::write(dir.path(), &PemFile::secret("key.pem", "new".into())).unwrap();
        fs::write(dir.path().join("key.pem"), "precious").unwrap();
        let error = draft.publish(Overwrite::Refuse).unwrap_err();
        assert!(matches!(error, CertError::Exists(_)), "{error}");
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "{names:?}");
        let text = fs::read_to_string(dir.path().join("key.pem")).unwrap();
        assert_eq!(text, "precious");
    }
}
