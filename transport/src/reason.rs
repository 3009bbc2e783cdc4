//! Why a connection ended: one closed list, the same in the log, in metric labels, in
//! `/connections` and in what `eastwest` prints.

use std::fmt;

use crate::tls::{HandshakeError, PeerError, PeerFault, TurnedAway};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// The end of a connection. *Downstream* is the peer that connected to us, *upstream* the one
        /// that we connected to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $name,)+ }

        impl Reason {
            /// Every reason, in the order in which a connection can meet them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code that people and programs see.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

reasons! {
    /// Both directions ended with a FIN, everything was delivered.
    Finished = "finished",
    /// The process was told to stop, and the connection outlived the grace time.
    Drained = "drained",

    /// The first bytes are not a TLS ClientHello.
    NotTls = "not_tls",
    /// The ClientHello is larger than 16 KiB.
    HelloTooLarge = "hello_too_large",
    /// The ClientHello breaks the rules of TLS.
    HelloMalformed = "hello_malformed",
    /// The ClientHello did not arrive within the deadline.
    HelloTimeout = "hello_timeout",
    /// The downstream left before its ClientHello was complete.
    HelloClosed = "hello_closed",
    /// The downstream had not said what it wants in two seconds, or in its share of them where many come from
    /// its address, and others waited for its place.
    CrowdedOut = "crowded_out",
    /// As many connections as may be are open: in all, from this source or on this route.
    TooManyConnections = "too_many_connections",
    /// The ClientHello names no server.
    NoSni = "no_sni",
    /// The name in the ClientHello is neither an Istio SNI nor a host name.
    BadSni = "bad_sni",
    /// The ClientHello offers no Istio protocol where the Gateway is `AUTO_PASSTHROUGH`.
    NoIstioAlpn = "no_istio_alpn",
    /// No Gateway exports the name.
    NotExported = "not_exported",

    /// The connection was not redirected to us, so that nobody can say where it should go.
    NotRedirected = "not_redirected",
    /// The address that the app dialled belongs to no alias, or the port is not the alias's.
    NoRoute = "no_route",
    /// There is no valid certificate to speak TLS with.
    NoIdentity = "no_identity",

    /// The upstream's name has no address.
    NameNotFound = "name_not_found",
    /// The name servers failed or did not answer.
    NameLookupFailed = "name_lookup_failed",
    /// The upstream refused the TCP connection.
    DialRefused = "dial_refused",
    /// The upstream did not answer in time.
    DialTimeout = "dial_timeout",
    /// The upstream is silent, and as many connections as may be wait for it already.
    DialCrowded = "dial_crowded",
    /// There is no way to the upstream's address.
    DialUnreachable = "dial_unreachable",
    /// The TCP connection to the upstream failed in another way.
    DialFailed = "dial_failed",

    /// The TLS handshake did not end within the deadline.
    HandshakeTimeout = "handshake_timeout",
    /// The peer closed during the TLS handshake, without an alert: a gateway that does not export
    /// the name, or that cannot reach the pod, does this.
    HandshakeClosed = "handshake_closed",
    /// The TLS handshake failed for another reason than a certificate.
    HandshakeFailed = "handshake_failed",
    /// The peer's certificate is not acceptable: root, time, or shape.
    PeerCertificate = "peer_certificate",
    /// The peer is who it says, but not who it must be (client side), or not on the list (server side).
    PeerNotAllowed = "peer_not_allowed",
    /// The peer refused our certificate or our identity with a TLS alert.
    RefusedByPeer = "refused_by_peer",
    /// The gateway says that it cannot reach the pod, or the pod that it has no certificate (TLS alert
    /// `internal_error`).
    PodUnreachable = "pod_unreachable",
    /// The port in the SNI is not one that this pod serves.
    PortNotServed = "port_not_served",
    /// The SNI names another pod of this one's set: somebody believes that it is at our address.
    WrongPod = "wrong_pod",

    /// The downstream reset the connection.
    DownstreamReset = "downstream_reset",
    /// The upstream reset the connection.
    UpstreamReset = "upstream_reset",
    /// The downstream vanished: no answer to keepalives or retransmissions.
    DownstreamDead = "downstream_dead",
    /// The upstream vanished: no answer to keepalives or retransmissions.
    UpstreamDead = "upstream_dead",
    /// The downstream's TLS stream ended without `close_notify`: bytes may be missing.
    DownstreamTruncated = "downstream_truncated",
    /// The upstream's TLS stream ended without `close_notify`: bytes may be missing.
    UpstreamTruncated = "upstream_truncated",
    /// The downstream failed in another way, or broke TLS.
    DownstreamFailed = "downstream_failed",
    /// The upstream failed in another way, or broke TLS.
    UpstreamFailed = "upstream_failed",
    /// A TLS 1.2 connection has sent as many records as its one key is good for.
    TlsKeyUsedUp = "tls_key_used_up",
    /// One direction had ended, and the other was silent for the whole half-close time.
    HalfCloseIdle = "half_close_idle",
}

impl From<&HandshakeError> for Reason {
    fn from(error: &HandshakeError) -> Self {
        match error {
            HandshakeError::Refused(PeerError {
                fault: PeerFault::NotAllowed(_) | PeerFault::OtherName { .. },
                ..
            }) => Self::PeerNotAllowed,
            HandshakeError::Refused(_) => Self::PeerCertificate,
            HandshakeError::TurnedAway(why) => match why {
                TurnedAway::NotExported => Self::NotExported,
                TurnedAway::NoIstioAlpn => Self::NoIstioAlpn,
                TurnedAway::PodUnreachable => Self::PodUnreachable,
                TurnedAway::PortNotServed => Self::PortNotServed,
            },
            HandshakeError::RefusedByPeer(_) => Self::RefusedByPeer,
            HandshakeError::Tls(_) => Self::HandshakeFailed,
            HandshakeError::Closed | HandshakeError::Io(_) => Self::HandshakeClosed,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct_snake_case() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for code in codes {
            assert!(
                code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{code}"
            );
        }
    }
}
