//! Who the other end may be, and why it was refused.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::CertificateError;
use thiserror::Error;

use super::svid::SvidError;
use super::validity::{ValidityError, to_unix_time};
use crate::spiffe::SpiffeId;

/// Decides whether a peer that has proved its identity may go on.
pub trait PeerPolicy: Send + Sync + fmt::Debug {
    /// Called during the handshake, after the chain has been verified.
    ///
    /// # Errors
    /// If the peer may not go on, with the reason: what was expected, and where that is written.
    fn check(&self, peer: &SpiffeId) -> Result<(), String>;

    /// A DNS name that the certificate must carry beside the identity.
    fn dns_name(&self) -> Option<&str> {
        None
    }

    /// Called for every peer that is refused, for whatever reason.
    ///
    /// rustls can send the right alert or keep the full reason, but not both, so the reason goes
    /// this way; [`Verdict`] keeps it.
    fn refused(&self, _error: &PeerError) {}
}

/// A policy for one handshake that remembers how it ended.
#[derive(Debug)]
pub struct Verdict {
    policy: Arc<dyn PeerPolicy>,
    outcome: OnceLock<Result<SpiffeId, PeerError>>,
}

impl Verdict {
    /// Wraps `policy` for one connection.
    pub fn new(policy: Arc<dyn PeerPolicy>) -> Arc<Self> {
        Arc::new(Self {
            policy,
            outcome: OnceLock::new(),
        })
    }

    /// Who the peer is. Proved only once the handshake has succeeded.
    pub fn peer(&self) -> Option<&SpiffeId> {
        self.outcome.get().and_then(|outcome| outcome.as_ref().ok())
    }

    /// Why the peer was refused, if this end refused it.
    pub fn refusal(&self) -> Option<&PeerError> {
        self.outcome
            .get()
            .and_then(|outcome| outcome.as_ref().err())
    }
}

impl PeerPolicy for Verdict {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        self.policy.check(peer)?;
        let _first_wins = self.outcome.set(Ok(peer.clone()));
        Ok(())
    }

    fn dns_name(&self) -> Option<&str> {
        self.policy.dns_name()
    }

    fn refused(&self, error: &PeerError) {
        self.policy.refused(error);
        let _first_wins = self.outcome.set(Err(error.clone()));
    }
}

/// A peer that this end refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerError {
    /// What its certificate says of it, where that could be read. Proved only for
    /// [`PeerFault::NotAllowed`].
    pub claimed: Option<SpiffeId>,
    /// What is wrong.
    pub fault: PeerFault,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.fault, &self.claimed) {
            (PeerFault::NotAllowed(reason), Some(id)) => write!(f, "{id} is not allowed: {reason}"),
            (PeerFault::NotAllowed(reason), None) => write!(f, "the peer is not allowed: {reason}"),
            (fault, Some(id)) => write!(f, "the peer's certificate (it says {id}) {fault}"),
            (fault, None) => write!(f, "the peer's certificate {fault}"),
        }
    }
}

impl std::error::Error for PeerError {}

/// What is wrong with a peer. The message goes on after "the peer's certificate".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerFault {
    /// It sent none.
    #[error("is missing: it sent none, and mutual TLS needs one")]
    NoCertificate,
    /// It has proved who it is, and the policy does not let it in.
    #[error("names an identity that is not allowed: {0}")]
    NotAllowed(String),
    /// It is another pod's, or says nothing of pods.
    #[error("does not carry the DNS name {expected} that the route asks for, but {}", names(.carried))]
    OtherName {
        /// The name that is asked for.
        expected: String,
        /// Those that it has.
        carried: Vec<String>,
    },
    /// It is not the certificate of a workload.
    #[error("{0}")]
    Svid(#[from] SvidError),
    /// It is too old or too new.
    #[error("{0}")]
    Validity(#[from] ValidityError),
    /// A CA's certificate between it and the root is too old or too new.
    #[error("has an issuer whose certificate {0}")]
    Issuer(ValidityError),
    /// No chain leads to one of our roots.
    #[error(
        "leads to none of our roots ({0}); both clusters need the other's root in root-cert.pem, \
         and the peer must send its intermediates"
    )]
    UnknownRoot(String),
    /// It is not for the end of the connection at which it is used.
    #[error("is not for a TLS {0} (extended key usage)")]
    WrongPurpose(Side),
    /// A CA of its chain limits the names below it.
    #[error(
        "breaks the name constraints of a CA in its chain; \
         note that a CA with any URI constraint refuses every SPIFFE ID here"
    )]
    NameConstraint,
    /// Anything else that is wrong with its chain or its signature.
    #[error("cannot be verified: {0}")]
    Chain(String),
}

fn names(carried: &[String]) -> String {
    match carried {
        [] => "none at all".to_owned(),
        names => names.join(", "),
    }
}

/// One end of a TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The end that dials.
    Client,
    /// The end that listens.
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl PeerFault {
    /// The rustls error that makes the alert tell the peer what is wrong, as far as alerts can:
    /// `access_denied` stands for "we know you, and you may not", and for nothing else.
    pub(super) fn to_rustls(&self) -> rustls::Error {
        rustls::Error::InvalidCertificate(match self {
            Self::NoCertificate => return rustls::Error::NoCertificatesPresented,
            Self::NotAllowed(_) => CertificateError::ApplicationVerificationFailure,
            Self::OtherName { .. } => CertificateError::NotValidForName,
            Self::Svid(SvidError::SigningKey | SvidError::Authority) | Self::WrongPurpose(_) => {
                CertificateError::InvalidPurpose
            }
            Self::Svid(_) | Self::NameConstraint | Self::Chain(_) => CertificateError::BadEncoding,
            Self::Validity(error) | Self::Issuer(error) => outside_validity(*error),
            Self::UnknownRoot(_) => CertificateError::UnknownIssuer,
        })
    }
}

fn outside_validity(error: ValidityError) -> CertificateError {
    match error {
        ValidityError::Expired { not_after, now } => CertificateError::ExpiredContext {
            time: to_unix_time(now),
            not_after: to_unix_time(not_after),
        },
        ValidityError::NotYet { not_before, now } => CertificateError::NotValidYetContext {
            time: to_unix_time(now),
            not_before: to_unix_time(not_before),
        },
    }
}
