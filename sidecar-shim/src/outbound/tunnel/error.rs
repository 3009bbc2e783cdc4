//! Why a tunnel could not be opened, and what that says of the gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eastwest_mesh::GatewayEndpoint;
use eastwest_transport::client_hello::ConnectionId;
use eastwest_transport::dial::{DialError, NamedDialError};
use eastwest_transport::reason::Reason;
use eastwest_transport::tls::{ConfigError, HandshakeError, IdentityError, TurnedAway};

/// Why a tunnel could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TunnelError {
    #[error("there is no valid certificate: {0}")]
    NoIdentity(Arc<IdentityError>),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("gateway {endpoint}: {error}")]
    Dial {
        endpoint: GatewayEndpoint,
        error: DialError,
    },
    #[error("gateway {endpoint}: {error}")]
    NamedDial {
        endpoint: GatewayEndpoint,
        error: NamedDialError,
    },
    #[error("{}", list(.0))]
    Every(Vec<Self>),
    #[error("the route has no gateway")]
    NoGateway,
    #[error("the server name {0} cannot be sent in TLS")]
    ServerName(String),
    #[error("gateway {gateway}: no TLS answer within {after:?}")]
    Timeout {
        gateway: SocketAddr,
        /// What the gateway calls the connection, too.
        id: Option<ConnectionId>,
        after: Duration,
    },
    #[error("gateway {gateway}: {error}{}", unsaid(.error, .sni))]
    Handshake {
        gateway: SocketAddr,
        id: Option<ConnectionId>,
        sni: String,
        error: HandshakeError,
    },
}

/// What a gateway may mean that leaves without an alert: ours sends one, Istio's does not.
fn unsaid(error: &HandshakeError, sni: &str) -> String {
    match error {
        HandshakeError::Closed | HandshakeError::Io(_) => format!(
            "; Istio's gateway does so where it knows no service for the server name {sni} or does \
             not export it"
        ),
        _ => String::new(),
    }
}

impl TunnelError {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::NoIdentity(_) | Self::Config(_) => Reason::NoIdentity,
            Self::Dial { error, .. } => error.reason,
            Self::NamedDial { error, .. } => error.reason(),
            Self::Every(errors) => deepest(errors).map_or(Reason::NoRoute, Self::reason),
            Self::NoGateway => Reason::NoRoute,
            Self::ServerName(_) => Reason::BadSni,
            Self::Timeout { .. } => Reason::HandshakeTimeout,
            Self::Handshake { error, .. } => error.into(),
        }
    }

    /// What the attempt that [`reason`](Self::reason) speaks of is called by those whom it has reached.
    pub(crate) fn connection_id(&self) -> Option<ConnectionId> {
        match self {
            Self::Every(errors) => deepest(errors)?.connection_id(),
            Self::Handshake { id, .. } | Self::Timeout { id, .. } => *id,
            _ => None,
        }
    }

    /// All of these, where each gateway said something else.
    pub(super) fn of(mut errors: Vec<Self>) -> Self {
        match errors.len() {
            0 => Self::NoGateway,
            1 => errors.swap_remove(0),
            _ => Self::Every(errors),
        }
    }

    /// Whether no other gateway is to be asked: it is about us, about the pod, or about who was met
    /// there. Nobody tries gateways until one leads to somebody who is let in.
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::NoIdentity(_) | Self::Config(_) | Self::ServerName(_) => true,
            Self::Handshake { error, .. } => match error {
                HandshakeError::RefusedByPeer(alert) => alert.is_refusal(),
                HandshakeError::Refused(_)
                | HandshakeError::TurnedAway(TurnedAway::PortNotServed) => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// What it says of the gateway that it comes from.
    pub(super) const fn blame(&self) -> Blame {
        match self {
            Self::Dial { error, .. } => Blame::of_dial(error.reason),
            Self::NamedDial { error, .. } => Blame::of_dial(error.reason()),
            Self::Handshake { error, .. } => match error {
                HandshakeError::Closed | HandshakeError::Io(_) => Blame::Unknown,
                HandshakeError::RefusedByPeer(alert) if !alert.is_refusal() => Blame::Unknown,
                HandshakeError::Tls(rustls::Error::InvalidMessage(_)) => Blame::Silence,
                _ => Blame::Answer,
            },
            Self::Timeout { .. } => Blame::Silence,
            _ => Blame::Unknown,
        }
    }

    /// How far it came: what was furthest says most.
    const fn depth(&self) -> u8 {
        match self {
            Self::Handshake { error, .. } => match error {
                HandshakeError::Closed | HandshakeError::Io(_) => 2,
                _ => 3,
            },
            Self::Timeout { .. } => 1,
            _ => 0,
        }
    }
}

/// What a failed attempt says of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// It cannot be reached.
    Failure,
    /// No TLS came, from it or from the pod behind it.
    Silence,
    /// It is there: it, or somebody behind it, answered.
    Answer,
    /// Nothing. A gateway that hangs up may do so because of the pod, as Istio's does, or be the
    /// load balancer before one that is gone.
    Unknown,
}

impl Blame {
    const fn of_dial(reason: Reason) -> Self {
        match reason {
            // Such as no file descriptor, or no port of our own.
            Reason::DialFailed => Self::Unknown,
            _ => Self::Failure,
        }
    }
}

/// The one that came furthest, of several the last.
fn deepest(errors: &[TunnelError]) -> Option<&TunnelError> {
    errors.iter().max_by_key(|error| error.depth())
}

fn list(errors: &[TunnelError]) -> String {
    let each: Vec<_> = errors.iter().map(ToString::to_string).collect();
    each.join("; ")
}
