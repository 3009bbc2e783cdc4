//! Why nothing could be looked at.

use eastwest_daemon::EndpointAddress;

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
    #[error("{alias} has no port {port}, it has {}", .has.join(", "))]
    NoPort {
        alias: String,
        port: u16,
        has: Vec<String>,
    },
    #[error("{alias} may be {}: write it in full", .which.join(" or "))]
    Ambiguous { alias: String, which: Vec<String> },
    #[error(
        "there is no alias in the manifests: -f takes the ServiceEntries of the cluster that calls"
    )]
    Nothing,
    #[error("{error}; what could not be read may hold it: {}", .unread.join("; "))]
    Unread {
        error: Box<Self>,
        unread: Vec<String>,
    },
    #[error(
        "which aliases? ALIAS names one (the first label is enough), and --all stands for all of the manifests"
    )]
    NoneAsked,
    #[error("a walk came to no end: {0}")]
    Walk(#[from] tokio::task::JoinError),
    #[error(
        "the manifests are not known: no shim tells at {0} (--admin) which ones it has, and neither -f nor \
         EASTWEST_MANIFESTS names them"
    )]
    NoManifests(EndpointAddress),
    #[error(
        "the manifests are not known: with --outside no shim and no variable is asked, give -f"
    )]
    NoManifestsOutside,
    #[error(
        "the certificate is not known: no shim tells at {0} (--admin) which one it has; --identity names its folder, \
         or --cert, --key and --roots each file, or the variables for these (EASTWEST_IDENTITY, EASTWEST_CERT, ...)"
    )]
    NoIdentity(EndpointAddress),
    #[error(
        "--wait reads the manifests again and again, and standard input can be read once: give a file"
    )]
    ReadOnce,
}

impl DoctorError {
    /// The same, where an alias that is not there may be in what could not be read.
    pub(super) fn beside(self, unread: &[String]) -> Self {
        match self {
            Self::NoAlias { .. } | Self::Nothing if !unread.is_empty() => Self::Unread {
                error: Box::new(self),
                unread: unread.to_vec(),
            },
            other => other,
        }
    }

    /// Whether it may be gone a moment later, when somebody has written a file.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Manifests(_)
            | Self::NoManifests(_)
            | Self::NoIdentity(_)
            | Self::NameServers(_)
            | Self::Unread { .. }
            | Self::Nothing => true,
            Self::NoManifestsOutside
            | Self::NoAlias { .. }
            | Self::NoPort { .. }
            | Self::NoneAsked
            | Self::Ambiguous { .. }
            | Self::ReadOnce
            | Self::Walk(_)
            | Self::Domain(_) => false,
        }
    }
}
