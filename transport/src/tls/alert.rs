//! What the other end says with a TLS alert.

use std::fmt;

use rustls::AlertDescription;

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
    pub(super) fn new(alert: AlertDescription) -> Self {
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

    /// Whether it is about who we are, and not about how the connection went.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::TlsVersion | Self::Other(_))
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
                 one end may have to allow TLS 1.2 (here: --tls-min 1.2)",
            ),
            Self::Other(alert) => write!(f, "alert {}", alert_name(*alert)),
        }
    }
}

/// Why a ClientHello led to no handshake, as told by an alert in clear: our gateway, and our shim
/// where it does not serve the port, say it before any certificate has been looked at.
///
/// Hints of a sender that has proved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// `unrecognized_name`: no Gateway exports the server name, or the pod has another.
    NotExported,
    /// `no_application_protocol`: the gateway saw no ALPN protocol of Istio's, or the app has TLS of its own.
    NoIstioAlpn,
    /// `internal_error`: the gateway cannot reach the pod, or the pod has no certificate to show.
    PodUnreachable,
    /// `access_denied`: the pod does not serve the port in the server name.
    PortNotServed,
}

impl TurnedAway {
    pub(super) fn new(alert: AlertDescription) -> Option<Self> {
        use AlertDescription as Alert;
        match alert {
            Alert::UnrecognisedName => Some(Self::NotExported),
            Alert::NoApplicationProtocol => Some(Self::NoIstioAlpn),
            Alert::InternalError => Some(Self::PodUnreachable),
            Alert::AccessDenied => Some(Self::PortNotServed),
            _ => None,
        }
    }
}

impl fmt::Display for TurnedAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotExported => {
                "the gateway says that it exports no such name, or the pod that it led to that it is \
                 another one of the set (alert unrecognized_name); its log has which"
            }
            Self::NoIstioAlpn => {
                "the gateway says that no Istio protocol was offered, or the app that it led to that it \
                 knows none (alert no_application_protocol); is something between that changes TLS, \
                 or has the pod no shim?"
            }
            Self::PodUnreachable => {
                "the gateway says that it cannot reach the pod, or the pod that it has no certificate \
                 (alert internal_error); its log has the reason"
            }
            Self::PortNotServed => {
                "the pod says that it does not serve this port (alert access_denied, before it saw \
                 a certificate); compare the port with --inbound there"
            }
        })
    }
}

/// An alert that ended a connection on which the handshake was over at this end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenOff(pub PeerAlert);

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_refusal() {
            write!(f, "the peer refused us: {}", self.0)
        } else {
            write!(f, "the peer broke the connection off: {}", self.0)
        }
    }
}

impl std::error::Error for BrokenOff {}

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
