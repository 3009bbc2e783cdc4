//! Why nothing could be looked at.

use std::net::SocketAddr;

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoctorError {
    #[error("{0}")]
    Domain(#[from] eastwest_mesh::HostnameError),
    #[error("{0}")]
    Manifests(#[from] crate::manifests::ManifestsError),
    #[error("{0}; --dns gives a name server by hand")]
    NameServers(String),
    #[error("there is no alias {alias} in the manifests{hint}")]
    NoAlias { alias: String, hint: String },
    #[error("{alias} may be {}: write it in full", .which.join(" or "))]
    Ambiguous { alias: String, which: Vec<String> },
    #[error(
        "there is no alias in the manifests: -f takes the ServiceEntries of the cluster that calls"
    )]
    Nothing,
    #[error("a walk came to no end: {0}")]
    Walk(#[from] tokio::task::JoinError),
    #[error("-f has to name the manifests: no shim tells at {0} which ones it has")]
    NoManifests(SocketAddr),
    #[error(
        "--identity has to name the folder of the certificate: no shim tells at {0} which one it has"
    )]
    NoIdentity(SocketAddr),
    #[error(
        "--wait reads the manifests again and again, and standard input can be read once: give a file"
    )]
    ReadOnce,
}

impl DoctorError {
    /// Whether it may be gone a moment later, when somebody has written a file.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Manifests(_)
            | Self::NoManifests(_)
            | Self::NoIdentity(_)
            | Self::NameServers(_)
            | Self::Nothing => true,
            Self::NoAlias { .. }
            | Self::Ambiguous { .. }
            | Self::ReadOnce
            | Self::Walk(_)
            | Self::Domain(_) => false,
        }
    }
}
