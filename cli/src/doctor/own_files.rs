//! Where the certificate of this pod is: in a folder, or in three files.

use std::path::{Path, PathBuf};

use eastwest_transport::tls::{IdentityError, IdentityFiles};

/// As the shim's flags have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnFiles {
    /// `--identity`
    Folder(PathBuf),
    /// `--cert`, `--key` and `--roots`
    Each(IdentityFiles),
}

impl OwnFiles {
    /// Each of them.
    ///
    /// # Errors
    /// When the folder has no complete set.
    pub(super) fn found(&self) -> Result<IdentityFiles, IdentityError> {
        match self {
            Self::Folder(folder) => IdentityFiles::in_dir(folder),
            Self::Each(files) => Ok(files.clone()),
        }
    }

    /// What to list to see all of them.
    pub(super) fn listed(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Each(IdentityFiles { cert, key, roots }) => {
                let all = [cert, key, roots].map(|file| file.display().to_string());
                all.join(" ")
            }
        }
    }

    /// The certificate and the roots; where the folder has none, by the names that Istio gives them.
    pub(super) fn shown(&self) -> [PathBuf; 2] {
        match (self.found(), self) {
            (Ok(files), _) => [files.cert, files.roots],
            (Err(_), Self::Folder(folder)) => istios(folder),
            (Err(_), Self::Each(files)) => [files.cert.clone(), files.roots.clone()],
        }
    }
}

/// The same for a folder that nobody has given.
pub(super) fn istios(folder: &Path) -> [PathBuf; 2] {
    ["cert-chain.pem", "root-cert.pem"].map(|name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_shown_are_the_files_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let of_folder = OwnFiles::Folder(folder.path().to_owned());
        assert_eq!(of_folder.shown(), istios(folder.path()));
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let there = ["tls.crt", "ca.crt"].map(|name| folder.path().join(name));
        assert_eq!(of_folder.shown(), there);
        let each = OwnFiles::Each(IdentityFiles {
            cert: "/a/cert".into(),
            key: "/b/key".into(),
            roots: "/c/roots".into(),
        });
        assert_eq!(each.listed(), "/a/cert /b/key /c/roots");
        assert_eq!(each.shown(), ["/a/cert", "/c/roots"].map(PathBuf::from));
    }
}
