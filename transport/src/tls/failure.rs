//! Why a handshake failed: who refused whom, and for what.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use super::peer::{PeerError, PeerFault, Verdict};
use super::validity::{ValidityError, from_unix_time};

/// How a TLS handshake failed.
#[derive(Debug)]
pub enum HandshakeError {
    /// This end refused the peer.
    Refused(PeerError),
    /// The peer refused this end, and said why in an alert.
    RefusedByPeer(PeerAlert),
    /// The peer does not speak TLS, or breaks its rules, or has no version in common with us.
    Tls(Error),
    /// The peer closed the connection in the middle.
    Closed,
    /// The connection broke.
    Io(io::Error),
}

impl HandshakeError {
    /// Sorts the error of a tokio-rustls handshake. `verdict` is the policy that was given to the
    /// configuration of this handshake; it knows more of a refusal than rustls can carry.
    pub fn new(error: io::Error, verdict: &Verdict) -> Self {
        if let Some(refusal) = verdict.refusal() {
            return Self::Refused(refusal.clone());
        }
        if let Some(tls) = tls_error(&error) {
            if let Some(refusal) = peer_error(tls) {
                return Self::Refused(refusal);
            }
            if let Error::AlertReceived(alert) = tls {
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
            Self::Tls(Error::InvalidMessage(_)) => {
                f.write_str("what the peer sent is not TLS; is something else on this port?")
            }
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
            Self::RefusedByPeer(_) | Self::Closed => None,
        }
    }
}

/// What the peer holds against this end, as told by a TLS alert (RFC 8446 section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerAlert {
    /// `access_denied`: it verified our certificate, and our identity may not go on.
    NotAllowed,
    /// `unknown_ca`: our chain leads to none of its roots.
    UnknownRoot,
    /// `certificate_expired`: a certificate of ours has expired, or its clock is wrong.
    Expired,
    /// Another complaint about our certificate. Envoy says `certificate_unknown` also where our
    /// identity is not on its list.
    BadCertificate(AlertDescription),
    /// `certificate_required`: it got no certificate from us.
    CertificateRequired,
    /// `protocol_version`: no TLS version in common.
    TlsVersion,
    /// Anything else.
    Other(AlertDescription),
}

impl PeerAlert {
    fn new(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        match alert {
            Alert::AccessDenied => Self::NotAllowed,
            Alert::UnknownCA => Self::UnknownRoot,
            Alert::CertificateExpired => Self::Expired,
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown => Self::BadCertificate(alert),
            Alert::CertificateRequired => Self::CertificateRequired,
            Alert::ProtocolVersion => Self::TlsVersion,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for PeerAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => f.write_str(
                "our identity is not on its allow list (alert access_denied); its log has the ID",
            ),
            Self::UnknownRoot => f.write_str(
                "our certificate leads to none of its roots (alert unknown_ca); \
                 compare root-cert.pem at both ends",
            ),
            Self::Expired => f.write_str(
                "our certificate, or an issuer's, is outside its validity by its clock \
                 (alert certificate_expired)",
            ),
            Self::BadCertificate(alert) => write!(
                f,
                "it does not accept our certificate or the identity in it (alert {})",
                alert_name(*alert)
            ),
            Self::CertificateRequired => f.write_str("it got no certificate from us"),
            Self::TlsVersion => f.write_str(
                "no TLS version in common (alert protocol_version); \
                 one end may have to allow TLS 1.2",
            ),
            Self::Other(alert) => write!(f, "alert {}", alert_name(*alert)),
        }
    }
}

/// The name by which RFC 8446 section 6 calls an alert, or its number.
fn alert_name(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let name = match alert {
        Alert::BadCertificate => "bad_certificate",
        Alert::UnsupportedCertificate => "unsupported_certificate",
        Alert::CertificateRevoked => "certificate_revoked",
        Alert::CertificateUnknown => "certificate_unknown",
        Alert::HandshakeFailure => "handshake_failure",
        Alert::IllegalParameter => "illegal_parameter",
        Alert::DecodeError => "decode_error",
        Alert::DecryptError => "decrypt_error",
        Alert::InternalError => "internal_error",
        Alert::UnrecognisedName => "unrecognized_name",
        Alert::NoApplicationProtocol => "no_application_protocol",
        other => return u8::from(other).to_string(),
    };
    name.to_owned()
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
