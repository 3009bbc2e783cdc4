//! Where the files of an identity are, or are to come.

use std::path::PathBuf;

use super::{Age, Identity, IdentityError, IdentityFiles};
use std::time::SystemTime;

/// What the user has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// A folder; under which names the files are in it shows once they are there.
    Folder(PathBuf),
    /// Each of the files.
    Files(IdentityFiles),
}

impl IdentitySource {
    /// The files as they are now.
    pub(in crate::tls) fn files(&self) -> Result<IdentityFiles, IdentityError> {
        match self {
            Self::Folder(dir) => IdentityFiles::in_dir(dir),
            Self::Files(files) => Ok(files.clone()),
        }
    }

    /// The folders in which a change of the files shows.
    pub(in crate::tls) fn folders(&self) -> Vec<PathBuf> {
        match self {
            Self::Folder(dir) => vec![dir.clone()],
            Self::Files(files) => files.folders(),
        }
    }

    /// What is there, also a certificate that is out of its time. Blocks on the file system.
    pub(in crate::tls) fn load(&self, now: SystemTime) -> Result<Identity, IdentityError> {
        let files = self.files()?;
        let material = files.read()?;
        Identity::assemble(&files, material, now, Age::Any)
    }
}
