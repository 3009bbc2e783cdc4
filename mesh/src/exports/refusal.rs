//! Why a gateway does not route a server name.

use std::fmt;

use super::Dialect;
use crate::finding::Origin;
use crate::hostname::{Hostname, HostnameError};

/// How much of a broken name from the network is worth repeating in a log.
const SHOWN: usize = 80;

/// Why a server name is not routed. The text is for the gateway's log and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server name is no DNS name.
    InvalidName {
        /// Its first characters, escaped.
        name: String,
        /// What is wrong with it.
        reason: HostnameError,
    },
    /// The name would be dialled outside `svc.DOMAIN`.
    OutsideClusterDomain {
        /// The name that was asked for.
        asked: Hostname,
        /// The name behind it.
        dialled: Hostname,
        /// The cluster's own domain.
        domain: Hostname,
    },
    /// No entry of `hosts` allows the name.
    NotExported {
        /// The name that was asked for.
        asked: Hostname,
        /// The name behind it.
        dialled: Hostname,
        /// The form of the server name.
        sent: Dialect,
    },
    /// The name is allowed, but only to clients that send the other form of server name.
    WrongDialect {
        /// The name that would have been dialled.
        dialled: Hostname,
        /// The form that was sent.
        sent: Dialect,
        /// The entry that allows the name for the other form.
        origin: Origin,
    },
}

impl Refusal {
    pub(super) fn invalid_name(name: &str, reason: HostnameError) -> Self {
        let name = name
            .chars()
            .take(SHOWN)
            .flat_map(char::escape_debug)
            .collect();
        Self::InvalidName { name, reason }
    }

    /// Whether a shim merely asked if the gateway answers, with [`PROBE_HOST`](super::PROBE_HOST).
    #[must_use]
    pub fn is_probe(&self) -> bool {
        match self {
            Self::OutsideClusterDomain { asked, .. } | Self::NotExported { asked, .. } => {
                asked.as_str() == super::PROBE_HOST
            }
            Self::InvalidName { .. } | Self::WrongDialect { .. } => false,
        }
    }
}

/// ` (behind ALIAS)`, where the two differ.
struct Behind<'a>(&'a Hostname, &'a Hostname);

impl fmt::Display for Behind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(asked, dialled) if asked == dialled => Ok(()),
            Self(asked, _) => write!(f, " (behind {asked})"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name, reason } => {
                write!(f, "the server name \"{name}\" is no DNS name: {reason}")
            }
            Self::OutsideClusterDomain {
                asked,
                dialled,
                domain,
            } => write!(
                f,
                "{dialled}{} is not a name of this cluster; only NAME.NAMESPACE.svc.{domain} and \
                 names below it are dialled; check the cluster domain of this gateway and of the \
                 client",
                Behind(asked, dialled)
            ),
            Self::NotExported {
                asked,
                dialled,
                sent,
            } => write!(
                f,
                "{dialled}{} is not exported: no Gateway server with tls.mode {} has it in hosts; \
                 add it there, or the alias that stands for it",
                Behind(asked, dialled),
                sent.tls_mode(),
            ),
            Self::WrongDialect {
                dialled,
                sent,
                origin,
            } => write!(
                f,
                "{dialled} is exported at {origin} for {} alone, and the client sent {}; give the \
                 client that form, or the Gateway a server with tls.mode {}",
                sent.other().described(),
                sent.described(),
                sent.tls_mode(),
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl Dialect {
    const fn other(self) -> Self {
        match self {
            Self::Istio => Self::Plain,
            Self::Plain => Self::Istio,
        }
    }

    /// The `tls.mode` of the servers that are for this form.
    #[must_use]
    pub const fn tls_mode(self) -> &'static str {
        match self {
            Self::Istio => "AUTO_PASSTHROUGH",
            Self::Plain => "PASSTHROUGH",
        }
    }

    const fn described(self) -> &'static str {
        match self {
            Self::Istio => "Istio server names (outbound_.PORT_._.HOST)",
            Self::Plain => "plain server names (the host alone)",
        }
    }
}
