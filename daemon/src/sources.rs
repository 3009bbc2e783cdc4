//! Files that a server reads again when they change: manifests, in files or in folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;
mod volume;

use volume::{Volumes, swapped_too_often};

/// How often files are compared with what was read. Reading some small files costs less than
/// depending on file events, which network file systems and subPath mounts do not send.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long files that have changed must stay as they are before they count: a file that is being
/// written in place, or a folder that is being filled, may well make sense when half of it is there.
const SETTLE: Duration = Duration::from_millis(200);

/// How many looks in a row may differ before that is an error: two seconds of changes.
const LOOKS: usize = 10;

/// How many looks at the start may fail before that is an error.
const FIRST_LOOKS: usize = 3;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, for messages.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Why the files could not be read. None of them is used then.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {}", .path.display(), explain(.cause))]
pub struct SourceError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub cause: io::Error,
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => {
            "this process may not read it (its sandbox has the folders in which files were at the start)".into()
        },
        _ => error.to_string(),
    }
}

/// Files and folders as the user named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    paths: Vec<PathBuf>,
}

impl Sources {
    /// Nothing is read yet.
    pub const fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// Reads all of them, in the order given; of a folder every `.yaml` and `.yml` file, sorted by
    /// name, without its subfolders. Files of a mounted volume are all of one generation: where that is
    /// swapped meanwhile they are read again.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(&self) -> Result<Vec<SourceFile>, SourceError> {
        self.read_passing(|_| ())
    }

    /// [`read`](Self::read) at the start of a process, which waits for a moment where it fails: whoever swaps a
    /// link by taking it away and making it anew has it away for an instant.
    ///
    /// # Errors
    /// When it still fails after some looks more.
    pub fn read_first(&self) -> Result<Vec<SourceFile>, SourceError> {
        for look in 1..FIRST_LOOKS {
            match self.read() {
                Err(error) if look == 1 => {
                    tracing::warn!("{error}; looked at again, as it may be on its way");
                }
                Err(_) => {}
                read => return read,
            }
            thread::sleep(SETTLE);
        }
        self.read()
    }

    /// [`read`](Self::read), which says each file before it is read.
    fn read_passing(&self, mut at_file: impl FnMut(&Path)) -> Result<Vec<SourceFile>, SourceError> {
        for _ in 0..LOOKS {
            let mut volumes = Volumes::default();
            let read = self.read_once(&mut volumes, &mut at_file);
            // Also after an error: what is swapped out is gone soon.
            if !volumes.have_changed() {
                return read;
            }
        }
        let path = self.paths.first().cloned().unwrap_or_default();
        let cause = swapped_too_often();
        Err(SourceError { path, cause })
    }

    fn read_once(
        &self,
        volumes: &mut Volumes,
        at_file: &mut impl FnMut(&Path),
    ) -> Result<Vec<SourceFile>, SourceError> {
        let mut names = Vec::new();
        for path in &self.paths {
            if fs::metadata(path).map_err(at(path))?.is_dir() {
                volumes.note(path);
                names.extend(yaml_files(path)?);
            } else {
                names.push(path.clone());
            }
        }
        let take = |file: PathBuf| {
            at_file(&file);
            read(&file, &volumes.resolve(&file))
        };
        names.into_iter().map(take).collect()
    }

    /// Calls `changed` with the files whenever they differ from `last` and have been the same in two
    /// looks, until `stop`. An error is told once for as long as it is the same. A change of `requests` asks for a look at once, and
    /// `changed` is called even if nothing differs.
    pub async fn watch(
        self,
        mut last: Vec<SourceFile>,
        every: Duration,
        mut requests: watch::Receiver<u64>,
        stop: CancellationToken,
        mut changed: impl FnMut(Result<Vec<SourceFile>, SourceError>) + Send,
    ) {
        let mut told = None;
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(every) => false,
                asked = requests.changed() => asked.is_ok(),
            };
            let settled = stop.run_until_cancelled(self.settled(&last));
            let Some(read) = settled.await else { return };
            let Some(read) = read else { continue };
            match read {
                Ok(files) if files == last && !asked && told.is_none() => {}
                Ok(files) => {
                    told = None;
                    last.clone_from(&files);
                    changed(Ok(files));
                }
                Err(error) if !asked && told == Some(error.to_string()) => {}
                Err(error) => {
                    told = Some(error.to_string());
                    changed(Err(error));
                }
            }
        }
    }

    /// The files, once two looks have found them the same, or the first look has found `last`. An
    /// error counts only if the second look has it, too: a file may be moved while it is looked at.
    async fn settled(&self, last: &[SourceFile]) -> Option<Result<Vec<SourceFile>, SourceError>> {
        let mut before = self.look().await?;
        if before.as_ref().is_ok_and(|files| files == last) {
            return Some(before);
        }
        for _ in 0..LOOKS {
            sleep(SETTLE).await;
            let now = self.look().await?;
            if same(&before, &now) {
                return Some(now);
            }
            before = now;
        }
        let path = self.paths.first().cloned().unwrap_or_default();
        let cause = io::Error::other("files keep changing while they are read");
        Some(Err(SourceError { path, cause }))
    }

    /// Reads the files off the runtime's own threads; `None` if that broke down.
    async fn look(&self) -> Option<Result<Vec<SourceFile>, SourceError>> {
        let sources = self.clone();
        let read = spawn_blocking(move || sources.read()).await;
        read.inspect_err(|error| tracing::error!(%error, "files not read; tried again soon"))
            .ok()
    }
}

fn same(
    one: &Result<Vec<SourceFile>, SourceError>,
    other: &Result<Vec<SourceFile>, SourceError>,
) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => one.to_string() == other.to_string(),
        _ => false,
    }
}

/// Reads the file `path`, which is to be found at `place`.
fn read(path: &Path, place: &Path) -> Result<SourceFile, SourceError> {
    // One file of other bytes must not keep the others from being read: it will be no YAML, and
    // whoever reads it says so.
    let text = String::from_utf8_lossy(&fs::read(place).map_err(at(path))?).into_owned();
    Ok(SourceFile {
        name: path.display().to_string(),
        text,
    })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SourceError {
    move |cause| SourceError {
        path: path.to_owned(),
        cause,
    }
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        // Names that begin with a dot are the kubelet's own (`..data`) and editors' leftovers.
        let hidden = path
            .file_name()
            .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        // What cannot be looked at may hold a policy: it is no less there for that.
        if yaml && !hidden && fs::metadata(&path).map_err(at(&path))?.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
