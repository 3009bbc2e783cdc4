//! The three files that make an identity, and the names that their writers give them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::IdentityError;
use crate::tls::crypto::sha256;

/// Certificate, key and roots, as three PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The workload's certificate first, then its intermediates.
    pub cert: PathBuf,
    /// Its private key: PKCS #8, SEC1 or PKCS #1, without a password.
    pub key: PathBuf,
    /// One or several roots.
    pub roots: PathBuf,
}

/// The known names: who writes them, certificate, key, roots.
const LAYOUTS: [(&str, &str, &str, &str); 3] = [
    ("Istio", "cert-chain.pem", "key.pem", "root-cert.pem"),
    (
        "cert-manager csi-driver-spiffe",
        "tls.crt",
        "tls.key",
        "ca.crt",
    ),
    (
        "spiffe-helper",
        "svid.pem",
        "svid_key.pem",
        "svid_bundle.pem",
    ),
];

impl IdentityFiles {
    /// Finds the files in a folder by the names that Istio, cert-manager's csi-driver-spiffe or
    /// spiffe-helper give them.
    ///
    /// # Errors
    /// If no set is complete, with what is missing for each.
    pub fn in_dir(dir: &Path) -> Result<Self, IdentityError> {
        let mut missing = Vec::new();
        for (writer, cert, key, roots) in LAYOUTS {
            let absent = [cert, key, roots].map(|name| (name, !dir.join(name).exists()));
            let absent: Vec<_> = absent.iter().filter(|(_, absent)| *absent).collect();
            if absent.is_empty() {
                let [cert, key, roots] = [cert, key, roots].map(|name| dir.join(name));
                return Ok(Self { cert, key, roots });
            }
            let names: Vec<_> = absent.iter().map(|(name, _)| *name).collect();
            missing.push(format!("{} ({writer})", names.join(", ")));
        }
        if let Err(source) = fs::read_dir(dir) {
            return Err(IdentityError::Read {
                path: dir.to_owned(),
                source,
            });
        }
        Err(IdentityError::NoFiles {
            dir: dir.to_owned(),
            missing: missing.join("; or "),
        })
    }

    /// The folders in which a change of the files shows.
    pub(in crate::tls) fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<_> = [&self.cert, &self.key, &self.roots]
            .into_iter()
            .map(|file| match file.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            })
            .collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// Reads the three files. Blocks; call it where that is allowed.
    pub(in crate::tls) fn read(&self) -> Result<Material, IdentityError> {
        let read = |path: &Path| fs::read(path).map_err(|source| unread(path, source));
        Ok(Material {
            cert: read(&self.cert)?,
            key: read(&self.key)?,
            roots: read(&self.roots)?,
        })
    }
}

/// A file that is not there, in a folder that is, may be on its way.
fn unread(path: &Path, source: io::Error) -> IdentityError {
    match (path.parent(), path.file_name()) {
        (Some(dir), Some(name)) if source.kind() == ErrorKind::NotFound && dir.is_dir() => {
            IdentityError::NoFiles {
                dir: dir.to_owned(),
                missing: name.display().to_string(),
            }
        }
        _ => IdentityError::Read {
            path: path.to_owned(),
            source,
        },
    }
}

/// What the three files held at one moment. No `Debug`: it holds the key.
pub(in crate::tls) struct Material {
    pub(in crate::tls) cert: Vec<u8>,
    pub(in crate::tls) key: Vec<u8>,
    pub(in crate::tls) roots: Vec<u8>,
}

impl Material {
    /// Equal for equal contents, and, but for a broken SHA-256, only for those.
    pub(in crate::tls) fn digest(&self) -> Vec<u8> {
        // Hashed one by one, so that bytes moved from one file to the next make a difference.
        let [cert, key, roots] = [&self.cert, &self.key, &self.roots].map(|file| sha256(&[file]));
        sha256(&[&cert, &key, &roots])
    }
}
