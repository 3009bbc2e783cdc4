//! What a server needs of the machine, as its configuration names it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Links that are followed one after the other, as many as the kernel would.
const LINKS: usize = 40;

/// Files, folders and ports that a server needs after its arguments have been read. All else may be
/// out of its reach from then on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub(super) files: BTreeSet<PathBuf>,
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) socket_folders: BTreeSet<PathBuf>,
    pub(super) network_settings: bool,
    absent: BTreeSet<PathBuf>,
    bind: Option<BTreeSet<u16>>,
    pub(super) connect: Option<BTreeSet<u16>>,
}

impl Reach {
    /// Nothing but what each process reads of itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a file that is read at the start, and never again.
    #[must_use]
    pub fn read_once(mut self, file: impl Into<PathBuf>) -> Self {
        self.files.insert(file.into());
        self
    }

    /// With files and folders that are read again when they change.
    ///
    /// A changed file is another file: Kubernetes, and whoever writes safely, puts a new one in its
    /// place. So it is the folder that counts: of a folder itself, of a file the one it is in, and
    /// for each symbolic link, also of a file in a folder, the one in which what it stands for is. The
    /// root folder is never taken whole; of files in it the very file counts.
    #[must_use]
    pub fn read_again<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths {
            let path = path.as_ref();
            let before = is_absent(path);
            self.follow(path);
            // Where a link is swapped meanwhile, what it leads to may have been missed.
            if before || is_absent(path) {
                self.absent.insert(path.to_owned());
            }
        }
        self
    }

    /// Of the files and folders that are read again those that are not there. What they are to be found in
    /// later may be out of reach.
    pub(crate) const fn absent(&self) -> &BTreeSet<PathBuf> {
        &self.absent
    }

    /// With a Unix socket that is made at this path, and taken away again.
    #[must_use]
    pub fn socket(mut self, path: &Path) -> Self {
        self.socket_folders.insert(folder_of(path));
        self
    }

    /// With the packet filter and the routes of its network namespace, by netlink; whether it may change
    /// them is up to its capabilities.
    #[must_use]
    pub fn network_settings(mut self) -> Self {
        self.network_settings = true;
        self
    }

    /// With TCP ports that are listened on; no others then. Without a call, or with port 0, any.
    #[must_use]
    pub fn listens(mut self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let ports = addresses.into_iter().map(|address| address.port());
        self.bind.get_or_insert_default().extend(ports);
        self
    }

    /// With TCP ports that are dialled; no others then. Without a call, any.
    #[must_use]
    pub fn dials(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.connect.get_or_insert_default().extend(ports);
        self
    }

    /// The only ports that may be listened on. Where the kernel is to choose one, the resolver binds
    /// what it has chosen for UDP.
    pub(super) fn bound(&self) -> Option<&BTreeSet<u16>> {
        self.bind.as_ref().filter(|ports| !ports.contains(&0))
    }

    fn follow(&mut self, path: &Path) {
        let mut path = path.to_owned();
        for links in 0..LINKS {
            match fs::read_link(&path) {
                Ok(target) => {
                    let folder = folder_of(&path);
                    self.folder(folder.clone());
                    path = folder.join(target);
                }
                Err(_) if path.is_dir() => {
                    // The link may point to a neighbour tomorrow.
                    if links > 0 {
                        self.folder(folder_of(&path));
                    }
                    self.links_in(&path);
                    return self.folder(path);
                }
                Err(_) => {
                    let folder = folder_of(&path);
                    if folder.parent().is_none() {
                        self.files.insert(path);
                        return;
                    }
                    return self.folder(folder);
                }
            }
        }
    }

    /// The files of a folder that really are elsewhere.
    fn links_in(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_symlink() && path.is_file() {
                self.follow(&path);
            }
        }
    }

    fn folder(&mut self, folder: PathBuf) {
        if folder.parent().is_some() {
            self.folders.insert(folder);
        }
    }
}

/// Whether it, or what it leads to, is not there. What cannot be looked at is there.
fn is_absent(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Of a bare file name the working directory, by its whole path.
fn folder_of(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}
