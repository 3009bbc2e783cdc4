//! The manifests that were named, by cluster.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use eastwest_mesh::Source;

/// What findings in standard input are about.
pub(crate) const STDIN: &str = "<stdin>";
/// Files of other tools that stand beside manifests.
const NO_MANIFESTS: [&str; 4] = [
    "kustomization.yaml",
    "kustomization.yml",
    "Chart.yaml",
    "values.yaml",
];

/// What every manifest in JSON has.
const API_VERSION: &[u8] = b"\"apiVersion\"";

/// Why there are no manifests.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestsError {
    #[error("{0} can't be read: {1}")]
    Read(PathBuf, io::Error),
    #[error("{0} has no .yaml, .yml or .json file; give a file or another folder")]
    NoFiles(PathBuf),
}

/// The files, each folder's as one cluster.
#[derive(Clone)]
pub(crate) struct Manifests {
    pub(crate) clusters: Vec<Vec<Source>>,
    /// The folder of each cluster; one without a name where all are one cluster.
    folders: Vec<PathBuf>,
    one_cluster: bool,
    /// The folders that were named: what is in them, however deep, is read.
    named: Vec<PathBuf>,
    /// Files whose bytes are not all UTF-8: read as far as they go, and never written.
    not_text: Vec<String>,
}

impl Manifests {
    pub(crate) fn read(paths: &[PathBuf], one_cluster: bool) -> Result<Self, ManifestsError> {
        let mut files = Vec::new();
        let mut named = Vec::new();
        for path in paths {
            if path == Path::new("-") {
                files.push(path.clone());
                continue;
            }
            let read = |error| ManifestsError::Read(path.clone(), error);
            if !std::fs::metadata(path).map_err(read)?.is_dir() {
                files.push(path.clone());
                continue;
            }
            let before = files.len();
            walk(path, &mut files)?;
            if files.len() == before {
                return Err(ManifestsError::NoFiles(path.clone()));
            }
            named.push(absolute(path));
        }
        let mut manifests = Self {
            clusters: Vec::new(),
            folders: Vec::new(),
            one_cluster,
            named,
            not_text: Vec::new(),
        };
        let mut seen = HashSet::new();
        for file in files {
            if !seen.insert(absolute(&file)) {
                continue;
            }
            let source = manifests.source(&file)?;
            manifests.put(&file, source);
        }
        Ok(manifests)
    }

    /// Puts a file to those of its cluster.
    fn put(&mut self, file: &Path, source: Source) {
        let folder = match self.one_cluster {
            true => PathBuf::new(),
            false => absolute(file.parent().unwrap_or_else(|| Path::new(""))),
        };
        let place = self.folders.iter().position(|known| *known == folder);
        match place.and_then(|place| self.clusters.get_mut(place)) {
            Some(cluster) => cluster.push(source),
            None => {
                self.folders.push(folder);
                self.clusters.push(vec![source]);
            }
        }
    }

    /// Takes a file in that is not written yet.
    pub(crate) fn add(&mut self, path: &Path, text: String) {
        let name = path.display().to_string();
        self.put(path, Source { name, text });
    }

    /// Whether a file in this folder is read by the same command.
    pub(crate) fn reads(&self, folder: &Path) -> bool {
        let folder = absolute(folder);
        self.named.iter().any(|named| folder.starts_with(named))
    }

    fn source(&mut self, file: &Path) -> Result<Source, ManifestsError> {
        let stdin = file == Path::new("-");
        let bytes = if stdin {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(file)
        };
        let bytes = bytes.map_err(|error| ManifestsError::Read(file.to_path_buf(), error))?;
        let name = match stdin {
            true => STDIN.to_owned(),
            false => file.display().to_string(),
        };
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            self.not_text.push(name.clone());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Ok(Source { name, text })
    }

    /// All files, in their order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Source> {
        self.clusters.iter().flatten()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let source = self.files().find(|source| source.name == name)?;
        Some(&source.text)
    }

    pub(crate) fn is_text(&self, name: &str) -> bool {
        !self.not_text.iter().any(|other| other == name)
    }
}

/// The manifests below a folder, in the order of their names.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ManifestsError> {
    let read = |error| ManifestsError::Read(folder.to_path_buf(), error);
    let entries = std::fs::read_dir(folder).map_err(read)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(read)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        // Version control and the editors' own files.
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        // Links to folders may lead in circles, and are not followed.
        if entry.file_type().map_err(read)?.is_dir() {
            walk(&path, files)?;
            continue;
        }
        let kind = path.extension().and_then(OsStr::to_str);
        let other = NO_MANIFESTS.iter().any(|other| name == *other);
        let wanted = match kind {
            Some("yaml" | "yml") => !other && path.is_file(),
            Some("json") => path.is_file() && is_object(&path).map_err(read)?,
            _ => false,
        };
        if wanted {
            files.push(path);
        }
    }
    Ok(())
}

/// One name for a file or folder, however it was given.
fn absolute(path: &Path) -> PathBuf {
    let named = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    named.canonicalize().unwrap_or_else(|_| named.to_path_buf())
}

/// Most JSON files are something else than manifests.
fn is_object(path: &Path) -> io::Result<bool> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.windows(API_VERSION.len()).any(|at| at == API_VERSION))
}
