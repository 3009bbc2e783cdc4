//! Why three files are no identity.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::tls::peer::PeerFault;
use crate::tls::pem::PemError;
use crate::tls::roots::RootError;
use crate::tls::svid::SvidError;
use crate::tls::validity::ValidityError;

/// Why a set of files cannot be used as an identity: which file, and what is wrong with it.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The folder has no complete set of files under names that are known.
    #[error("{} has no complete set of certificate files; missing: {missing}", .dir.display())]
    NoFiles {
        /// The folder.
        dir: PathBuf,
        /// What is missing for each known set of names.
        missing: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is not the PEM that it should be.
    #[error("{} {fault}", .path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        fault: PemError,
    },
    /// The first certificate is not that of a workload.
    #[error("the first certificate in {} {fault}", .path.display())]
    Leaf {
        /// The file of the certificate.
        path: PathBuf,
        /// What is wrong.
        fault: SvidError,
    },
    /// The certificate has expired or is not valid yet.
    #[error("the certificate in {} {fault}", .path.display())]
    Validity {
        /// The file of the certificate.
        path: PathBuf,
        /// When it is or was valid.
        fault: ValidityError,
    },
    /// The key cannot be used for TLS.
    #[error("the private key in {} cannot be used: {why}", .path.display())]
    Key {
        /// The file of the key.
        path: PathBuf,
        /// What the TLS library says.
        why: String,
    },
    /// Key and certificate are not a pair.
    #[error(
        "the private key in {} does not belong to the certificate in {}; \
         if they are being replaced at this moment, the next look will find a pair",
        .key.display(), .cert.display()
    )]
    KeyMismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        cert: PathBuf,
    },
    /// The roots cannot be used.
    #[error("{} {fault}", .path.display())]
    Roots {
        /// The file of the roots.
        path: PathBuf,
        /// What is wrong.
        fault: RootError,
    },
    /// Our own peers, which have the same roots, would refuse this certificate.
    #[error(
        "the certificate in {} does not verify against the roots in {}: it {fault}",
        .cert.display(), .roots.display()
    )]
    Chain {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the roots.
        roots: PathBuf,
        /// What is wrong.
        fault: PeerFault,
    },
    /// Looking at the files has panicked.
    #[error("looking at the certificate files has panicked, which is a defect of this program")]
    BrokenDown,
}

impl IdentityError {
    /// Whether it passes without anybody's doing, once who writes the files has written them, or with time.
    pub(in crate::tls) const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::NoFiles { .. }
                | Self::Validity { .. }
                | Self::Roots {
                    fault: RootError::NoneValid { .. },
                    ..
                }
                | Self::Chain {
                    fault: PeerFault::Validity(_) | PeerFault::Issuer(_),
                    ..
                }
        )
    }
}
