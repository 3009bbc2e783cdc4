//! Why the gateway does not carry a connection, and what it tells the client.
//!
//! Envoy closes without a word. We send the TLS alert that fits first, so that the client's own
//! error names the cause; a client that knows no such alert sees a closed connection as before.

use eastwest_mesh::Refusal as RouteRefusal;
use eastwest_transport::client_hello::ReadHelloError;
use eastwest_transport::dial::NamedDialError;
use eastwest_transport::limits::Full;
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::upstream_reason;
use eastwest_transport::sni::SniError;
use eastwest_transport::socket::reset_on_close;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::probe::Unanswered;

/// Why a connection ended before a byte of it was carried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Hello(#[from] ReadHelloError),
    #[error("no complete TLS ClientHello within {0:?}")]
    HelloTimeout(std::time::Duration),
    #[error("{0}")]
    Full(#[from] Full),
    #[error("no ClientHello in two seconds, and others waited for the place")]
    Crowded,
    #[error("the ClientHello names no server (no SNI), so that nobody can say where it should go")]
    NoSni,
    #[error("{0}")]
    Sni(#[from] SniError),
    #[error(
        "the client offers none of Istio's ALPN protocols, which AUTO_PASSTHROUGH requires: its side \
         does not speak mesh mTLS (a DestinationRule with tls.mode ISTIO_MUTUAL, or an endpoint label \
         security.istio.io/tlsMode: istio, makes an Istio sidecar do so)"
    )]
    NoIstioAlpn,
    #[error("{0}")]
    Route(#[from] RouteRefusal),
    #[error("{0}")]
    Dial(#[from] NamedDialError),
    #[error("{0} is silent, and as many connections as may be wait for it already")]
    Silent(String),
    #[error("a question of eastwest doctor: {0}")]
    Probe(#[from] Unanswered),
    #[error("it asked what is seen of a route, and was told")]
    Told,
    #[error("the process was told to stop")]
    Stopped,
    #[error("{address} did not take the ClientHello: {error}")]
    Replay {
        address: std::net::SocketAddr,
        error: std::io::Error,
    },
}

impl Refusal {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Hello(error) => error.reason(),
            Self::HelloTimeout(_) => Reason::HelloTimeout,
            Self::Full(_) => Reason::TooManyConnections,
            Self::Crowded => Reason::CrowdedOut,
            Self::NoSni => Reason::NoSni,
            Self::Sni(_) => Reason::BadSni,
            Self::NoIstioAlpn => Reason::NoIstioAlpn,
            Self::Route(_) => Reason::NotExported,
            Self::Dial(error) => error.reason(),
            Self::Silent(_) => Reason::DialCrowded,
            Self::Replay { error, .. } => upstream_reason(error),
            Self::Probe(error) => error.reason,
            Self::Told => Reason::Finished,
            Self::Stopped => Reason::Drained,
        }
    }

    /// Whether this is the noise of health checks and port scans rather than of somebody's mistake.
    pub(crate) fn is_noise(&self) -> bool {
        match self {
            Self::Hello(ReadHelloError::Closed { read: 0 })
            | Self::Crowded
            | Self::Full(_)
            | Self::Told => true,
            // Those who wait say what is wrong with the pod when their time is over.
            Self::Silent(_) => true,
            Self::Route(refusal) => refusal.is_probe(),
            _ => false,
        }
    }

    /// The alert for the client (RFC 8446, section 6.2; RFC 7301; RFC 6066), where it speaks TLS.
    const fn alert(&self) -> Option<u8> {
        match self {
            Self::NoSni | Self::Sni(_) | Self::Route(_) => Some(112), // unrecognized_name
            Self::NoIstioAlpn => Some(120),                           // no_application_protocol
            Self::Dial(_) | Self::Silent(_) | Self::Replay { .. } => Some(80), // internal_error
            Self::Hello(_)
            | Self::HelloTimeout(_)
            | Self::Full(_)
            | Self::Crowded
            | Self::Probe(_)
            | Self::Told
            | Self::Stopped => None,
        }
    }

    /// Tells the client, as far as it can be told without waiting for it.
    pub(crate) async fn tell(&self, downstream: &mut TcpStream) {
        if let Some(alert) = self.alert() {
            // alert record, TLS 1.2 on the wire, two bytes: fatal, description (RFC 8446, section 5.1)
            let record = [21, 3, 3, 0, 2, 2, alert];
            // Seven bytes always fit into the send buffer of a connection that has sent nothing; if
            // not, the close says enough.
            let _ = downstream.try_write(&record);
            let _ = downstream.shutdown().await;
        } else if let Self::Full(_) | Self::Crowded = self {
            // Nothing of a crowd is to stay in the kernel either.
            reset_on_close(downstream);
        }
    }
}
