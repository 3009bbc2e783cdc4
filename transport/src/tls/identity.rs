//! Who we are: certificate, key and roots, checked together as one unit.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::Error as TlsError;
use rustls::InconsistentKeys;
use rustls::sign::CertifiedKey;

use super::chain::verify_chain;
use super::crypto::provider;
use super::peer::{PeerFault, Side};
use super::pem;
use super::roots::{RootInfo, Roots};
use super::svid::Svid;
use super::validity::{Validity, ValidityError, to_unix_time};
use crate::spiffe::SpiffeId;

mod error;
mod files;
mod source;
#[cfg(test)]
mod tests;

pub use error::IdentityError;
pub use files::IdentityFiles;
pub(super) use files::Material;
pub use source::IdentitySource;

/// A certificate with its key, and the roots by which peers are judged.
///
/// One value never changes; [`super::IdentityStore`] holds the newest.
#[derive(Debug)]
pub struct Identity {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) roots: Arc<Roots>,
    svid: Svid,
    files: IdentityFiles,
    digest: Vec<u8>,
}

/// Which certificates are an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Those that are valid now.
    Valid,
    /// Also those that have expired or are not valid yet: better than none, for who tells of them.
    Any,
}

/// One certificate of an identity, for who lists them.
#[derive(Debug, Clone)]
pub struct CertificateInfo {
    /// Whom it names: a SPIFFE ID, or a root's subject.
    pub subject: String,
    /// Where it was read.
    pub file: PathBuf,
    /// When it is valid.
    pub validity: Validity,
}

impl Identity {
    /// Reads the three files and checks that they make sense together at the time `now`: the
    /// certificate is a workload's, the key is its key, it has not expired, and its chain leads to
    /// one of the roots, so that peers with the same roots will accept it.
    ///
    /// Blocks on the file system.
    ///
    /// # Errors
    /// If any of this fails; nothing is taken over then.
    pub fn load(files: &IdentityFiles, now: SystemTime) -> Result<Self, IdentityError> {
        Self::assemble(files, files.read()?, now, Age::Valid)
    }

    pub(super) fn assemble(
        files: &IdentityFiles,
        material: Material,
        now: SystemTime,
        age: Age,
    ) -> Result<Self, IdentityError> {
        let IdentityFiles { cert, key, roots } = files.clone();
        let chain = pem::certificates(&material.cert).map_err(|fault| IdentityError::Pem {
            path: cert.clone(),
            fault,
        })?;
        let private_key = pem::private_key(&material.key).map_err(|fault| IdentityError::Pem {
            path: key.clone(),
            fault,
        })?;
        let anchors = pem::certificates(&material.roots).map_err(|fault| IdentityError::Pem {
            path: roots.clone(),
            fault,
        })?;

        let leaf = chain.first().map_or(&[][..], AsRef::as_ref);
        let svid = Svid::from_der(leaf).map_err(|fault| IdentityError::Leaf {
            path: cert.clone(),
            fault,
        })?;
        let untimely = svid.validity.check(now).err();
        if let (Some(fault), Age::Valid) = (untimely, age) {
            return Err(IdentityError::Validity { path: cert, fault });
        }
        let certified = CertifiedKey::from_der(chain, private_key, provider()).map_err(
            |error| match error {
                TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    IdentityError::KeyMismatch {
                        key,
                        cert: cert.clone(),
                    }
                }
                other => IdentityError::Key {
                    path: key,
                    why: other.to_string(),
                },
            },
        )?;
        let anchors = Roots::new(&anchors, now).map_err(|fault| IdentityError::Roots {
            path: roots.clone(),
            fault,
        })?;
        let verified_at = match untimely {
            None => Some(now),
            Some(ValidityError::NotYet { not_before, .. }) => Some(not_before),
            // It has to be replaced, by one that other roots may have issued.
            Some(ValidityError::Expired { .. }) => None,
        };
        if let Some(at) = verified_at {
            check_chain(&certified, &anchors, &svid, at).map_err(|fault| IdentityError::Chain {
                cert,
                roots,
                fault,
            })?;
        }

        Ok(Self {
            key: Arc::new(certified),
            roots: Arc::new(anchors),
            svid,
            files: files.clone(),
            digest: material.digest(),
        })
    }

    /// The SPIFFE ID of the certificate.
    pub fn id(&self) -> &SpiffeId {
        &self.svid.id
    }

    /// Our trust domain, read from our own certificate.
    pub fn trust_domain(&self) -> &str {
        self.svid.id.trust_domain()
    }

    /// The serial number in lower-case hexadecimal, without separators.
    pub fn serial(&self) -> &str {
        &self.svid.serial
    }

    /// When the certificate is valid.
    pub fn validity(&self) -> Validity {
        self.svid.validity
    }

    /// Whether the certificate is valid at the time `now`.
    ///
    /// # Errors
    /// If it is not, with its file and both times.
    pub fn check(&self, now: SystemTime) -> Result<(), IdentityError> {
        let checked = self.validity().check(now);
        checked.map_err(|fault| IdentityError::Validity {
            path: self.files.cert.clone(),
            fault,
        })
    }

    /// Last moment at which the certificate is valid.
    pub fn not_after(&self) -> SystemTime {
        self.svid.validity.not_after
    }

    /// The files that this was read from.
    pub fn files(&self) -> &IdentityFiles {
        &self.files
    }

    /// The roots that peers' chains may lead to, while they are valid.
    pub fn roots(&self) -> &[RootInfo] {
        self.roots.infos()
    }

    /// Our own certificate.
    pub fn certificate(&self) -> CertificateInfo {
        CertificateInfo {
            subject: self.id().as_str().to_owned(),
            file: self.files.cert.clone(),
            validity: self.validity(),
        }
    }

    /// Those that peers are held against.
    pub fn root_certificates(&self) -> impl Iterator<Item = CertificateInfo> {
        self.roots().iter().map(|root| CertificateInfo {
            subject: root.subject.clone(),
            file: self.files.roots.clone(),
            validity: root.validity,
        })
    }

    /// What the three files held, as a hash.
    pub(super) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Whether the certificate may be shown at this end of a connection.
    pub(super) fn serves(&self, side: Side) -> bool {
        match side {
            Side::Server => self.svid.purposes.server,
            Side::Client => self.svid.purposes.client,
        }
    }
}

/// A certificate for one end only is fine; which end it is used for shows when it is used.
fn check_chain(
    certified: &CertifiedKey,
    roots: &Roots,
    svid: &Svid,
    now: SystemTime,
) -> Result<(), PeerFault> {
    let Some((leaf, others)) = certified.cert.split_first() else {
        return Err(PeerFault::NoCertificate);
    };
    let side = if svid.purposes.server {
        Side::Server
    } else {
        Side::Client
    };
    verify_chain(leaf, others, roots, side, to_unix_time(now))
}
