//! Why a caller is refused.

use std::fmt;
use std::num::NonZeroU16;

use crate::finding::Origin;

/// Why a caller is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No ALLOW policy is there for this workload.
    NoAllowPolicy,
    /// ALLOW policies are there, none of which matches.
    NotAllowed {
        /// The caller.
        principal: String,
        /// The port that it asked for.
        port: NonZeroU16,
        /// The policies that were tried.
        tried: Vec<String>,
    },
    /// Nobody may call, whatever the policies say.
    Closed {
        /// Why.
        why: String,
    },
    /// A DENY policy matches.
    Denied {
        /// The caller.
        principal: String,
        /// The port that it asked for.
        port: NonZeroU16,
        /// The policy, `namespace/name`.
        policy: String,
        /// Where it is written.
        origin: Origin,
    },
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAllowPolicy => f.write_str(
                "no AuthorizationPolicy with action ALLOW selects this workload, and without one \
                 nobody may call it; add one, or name the caller with --allow",
            ),
            Self::Closed { why } => write!(f, "nobody may call: {why}"),
            Self::NotAllowed {
                principal,
                port,
                tried,
            } => write!(
                f,
                "{principal} may not call port {port}: none of the ALLOW policies matches ({}); \
                 add the caller to one of them, or name it with --allow",
                tried.join(", ")
            ),
            Self::Denied {
                principal,
                port,
                policy,
                origin,
            } => write!(
                f,
                "{principal} may not call port {port}: the DENY policy {policy} at {origin} matches"
            ),
        }
    }
}

impl std::error::Error for Denial {}
