//! Why certificates could not be made, read or written.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use eastwest_daemon::HumanDuration;
use eastwest_transport::tls::Utc;
use thiserror::Error;

/// Why certificates could not be made, read or written.
#[derive(Debug, Error)]
pub enum CertError {
    /// The cryptographic library refuses; not seen with input that was checked.
    #[error("cannot make the {what}: {source}")]
    Make {
        /// What was to be made.
        what: &'static str,
        /// What the library says.
        source: rcgen::Error,
    },
    /// A DNS name that cannot stand in a certificate.
    #[error("{0:?} cannot stand in a certificate as a DNS name")]
    DnsName(String),
    /// The CA expires before the certificate that it is to sign begins.
    #[error("the CA's own certificate ends at {}; make a new one first", Utc(*.not_after))]
    CaEnds {
        /// Last moment at which the CA is valid.
        not_after: SystemTime,
    },
    /// A certificate that would never be valid.
    #[error("a certificate that begins at {} cannot end at {}", Utc(*.not_before), Utc(*.not_after))]
    EmptyValidity {
        /// The first moment asked for.
        not_before: SystemTime,
        /// The last moment asked for.
        not_after: SystemTime,
    },
    /// A moment that no certificate can hold.
    #[error("no certificate can end after the year 9999: give a shorter --ttl, such as 3650d")]
    PastTheLastYear,
    /// A certificate that would have expired when it is made; X.509 counts whole seconds.
    #[error("--ttl {0} makes a certificate that has expired already: give 1s or more, such as 90d")]
    NoLifetime(HumanDuration),
    /// A root whose key is kept elsewhere, as it should be.
    #[error(
        "{} has the root's certificate, but not its key root-key.pem, which is needed to sign: \
         bring it back for as long as this takes",
        .0.display()
    )]
    RootKeyAway(PathBuf),
    /// A folder whose files are a CA's own.
    #[error(
        "{} belongs to a CA, of which {what} would replace files: --out names another folder",
        .key.display()
    )]
    HoldsCa {
        /// The key of the CA that is there.
        key: PathBuf,
        /// What was to be written.
        what: &'static str,
    },
    /// A folder without a CA in it.
    #[error(
        "{} holds no CA: neither ca-cert.pem and ca-key.pem (made by `eastwest certs cluster`) \
         nor root-cert.pem and root-key.pem (made by `eastwest certs root`)",
        .0.display()
    )]
    NoCa(PathBuf),
    /// A file of a CA that is of no use.
    #[error("{}: {why}", .path.display())]
    BadCa {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file system refuses.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is there already.
    #[error(
        "{} exists and was left as it is; --force replaces it, --out names another folder",
        .0.display()
    )]
    Exists(PathBuf),
}

impl CertError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    pub(super) fn make(what: &'static str) -> impl FnOnce(rcgen::Error) -> Self {
        move |source| Self::Make { what, source }
    }
}
