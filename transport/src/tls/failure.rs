//! Why a handshake failed: who refused whom, and for what.

use std::fmt;
use std::io;

use rustls::{CertificateError, Error, PeerIncompatible};

use super::alert::{PeerAlert, TurnedAway};
use super::peer::{PeerError, PeerFault, Side, Verdict};
use super::validity::{ValidityError, from_unix_time};

/// How a TLS handshake failed.
#[derive(Debug)]
pub enum HandshakeError {
    /// This end refused the peer.
    Refused(PeerError),
    /// The peer refused this end, and said why in an alert.
    RefusedByPeer(PeerAlert),
    /// What stands before the far end, or the far end itself, did not go into the handshake.
    TurnedAway(TurnedAway),
    /// The peer does not speak TLS, or breaks its rules, or has no version in common with us.
    Tls(Error),
    /// The peer closed the connection in the middle.
    Closed,
    /// The connection broke.
    Io(io::Error),
}

impl HandshakeError {
    /// Sorts the error of a tokio-rustls handshake in which this end was `side`. `verdict` is the
    /// policy that was given to the configuration of this handshake; it knows more of a refusal than
    /// rustls can carry.
    pub fn new(error: io::Error, side: Side, verdict: &Verdict) -> Self {
        if let Some(refusal) = verdict.refusal() {
            return Self::Refused(refusal.clone());
        }
        if let Some(tls) = tls_error(&error) {
            if let Some(refusal) = peer_error(tls) {
                return Self::Refused(refusal);
            }
            if let Error::AlertReceived(alert) = tls {
                // A server shows its certificate before it judges the client's.
                if side == Side::Client
                    && verdict.peer().is_none()
                    && let Some(why) = TurnedAway::new(*alert)
                {
                    return Self::TurnedAway(why);
                }
                return Self::RefusedByPeer(PeerAlert::new(*alert));
            }
            return Self::Tls(tls.clone());
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "we refused the peer: {error}"),
            Self::RefusedByPeer(alert) => write!(f, "the peer refused us: {alert}"),
            Self::TurnedAway(why) => why.fmt(f),
            Self::Tls(Error::InvalidMessage(_)) => {
                f.write_str("what the peer sent is not TLS; is something else on this port?")
            }
            Self::Tls(Error::PeerIncompatible(
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )) => f.write_str(
                "the peer speaks nothing newer than TLS 1.2, which is not allowed here; \
                 --tls-min 1.2 allows it",
            ),
            Self::Tls(error) => write!(f, "the TLS handshake failed: {error}"),
            Self::Closed => f.write_str("the peer closed the connection during the TLS handshake"),
            Self::Io(error) => write!(f, "the connection broke during the TLS handshake: {error}"),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Tls(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::RefusedByPeer(_) | Self::TurnedAway(_) | Self::Closed => None,
        }
    }
}

/// The peer's refusal, if that is what broke a TLS connection.
///
/// Not only for handshakes: in TLS 1.3 a client has finished its own before the server has looked
/// at its certificate, so the alert arrives with the first read.
pub fn peer_alert(error: &io::Error) -> Option<PeerAlert> {
    match tls_error(error)? {
        Error::AlertReceived(alert) => Some(PeerAlert::new(*alert)),
        _ => None,
    }
}

/// This end's refusal of the peer, if that is what `error` is.
///
/// Without the reason that [`Verdict`] has: rustls carries only the kind of fault.
pub fn peer_error(error: &Error) -> Option<PeerError> {
    let fault = match error {
        Error::NoCertificatesPresented => PeerFault::NoCertificate,
        Error::InvalidCertificate(error) => certificate_fault(error),
        _ => return None,
    };
    Some(PeerError {
        claimed: None,
        fault,
    })
}

fn certificate_fault(error: &CertificateError) -> PeerFault {
    match error {
        CertificateError::ApplicationVerificationFailure => {
            PeerFault::NotAllowed("see the log of this process".to_owned())
        }
        CertificateError::ExpiredContext { time, not_after } => ValidityError::Expired {
            not_after: from_unix_time(*not_after),
            now: from_unix_time(*time),
        }
        .into(),
        CertificateError::NotValidYetContext { time, not_before } => ValidityError::NotYet {
            not_before: from_unix_time(*not_before),
            now: from_unix_time(*time),
        }
        .into(),
        CertificateError::UnknownIssuer => PeerFault::UnknownRoot("of this process".to_owned()),
        other => PeerFault::Chain(other.to_string()),
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
