//! Opening the mTLS connection for one route: gateway dialled, TLS done, the far end known.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eastwest_mesh::{Address, GatewayEndpoint, Principal, Route};
use eastwest_transport::dial::{DialError, Dialled, NamedDialError, NamedDialer, dial};
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::TlsLeg;
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    ConfigError, HandshakeError, Identity, IdentityStore, MinTls, PeerPolicy, Side, Verdict,
    connect,
};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// How tunnels are opened; the same for all routes.
#[derive(Debug)]
pub(crate) struct Tunnels {
    pub(crate) identity: IdentityStore,
    pub(crate) gateways: NamedDialer,
    pub(crate) sockets: SocketOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) min_tls: MinTls,
}

/// An open tunnel whose far end is the one that the route asks for.
pub(crate) struct Tunnel {
    pub(crate) stream: TlsLeg,
    pub(crate) gateway: SocketAddr,
    pub(crate) peer: Option<SpiffeId>,
}

/// Why a tunnel could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TunnelError {
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
    #[error("the route has no gateway")]
    NoGateway,
    #[error("the server name {0} cannot be sent in TLS")]
    ServerName(String),
    #[error("gateway {gateway}: no TLS answer within {after:?}")]
    Timeout {
        gateway: SocketAddr,
        after: Duration,
    },
    #[error("gateway {gateway}: {error}{}", unsaid(.error, .sni))]
    Handshake {
        gateway: SocketAddr,
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
            Self::Config(_) => Reason::NoIdentity,
            Self::Dial { error, .. } => error.reason,
            Self::NamedDial { error, .. } => error.reason(),
            Self::NoGateway => Reason::NoRoute,
            Self::ServerName(_) => Reason::BadSni,
            Self::Timeout { .. } => Reason::HandshakeTimeout,
            Self::Handshake { error, .. } => error.into(),
        }
    }
}

impl Tunnels {
    /// Opens the tunnel for `route`. Gateways are tried in order; all of them together have the
    /// connect timeout.
    pub(crate) async fn open(&self, route: &Route) -> Result<Tunnel, TunnelError> {
        let identity = self.identity.current();
        let gateway = self.dial_gateway(&route.gateways).await?;
        self.handshake(route, &identity, gateway.stream, gateway.address)
            .await
    }

    async fn dial_gateway(&self, endpoints: &[GatewayEndpoint]) -> Result<Dialled, TunnelError> {
        let deadline = Instant::now() + self.connect_timeout;
        let mut failed = TunnelError::NoGateway;
        for (tried, endpoint) in endpoints.iter().enumerate() {
            // Each of those that are left may take its share of the time that is left.
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(endpoints.len() - tried).unwrap_or(1);
            match self.dial_endpoint(endpoint, Instant::now() + share).await {
                Ok(connected) => return Ok(connected),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    async fn dial_endpoint(
        &self,
        endpoint: &GatewayEndpoint,
        deadline: Instant,
    ) -> Result<Dialled, TunnelError> {
        let port = endpoint.port.get();
        match &endpoint.address {
            Address::Ip(ip) => dial(&[*ip], port, deadline, &self.sockets)
                .await
                .map_err(|error| TunnelError::Dial {
                    endpoint: endpoint.clone(),
                    error,
                }),
            Address::Name(name) => self
                .gateways
                .dial(name.as_ref(), port, deadline)
                .await
                .map_err(|error| TunnelError::NamedDial {
                    endpoint: endpoint.clone(),
                    error,
                }),
        }
    }

    async fn handshake(
        &self,
        route: &Route,
        identity: &Identity,
        mut tcp: TcpStream,
        gateway: SocketAddr,
    ) -> Result<Tunnel, TunnelError> {
        let verdict = Verdict::new(Arc::new(FarEnd::of(route, identity)));
        let config = identity.client_config(Arc::clone(&verdict) as Arc<_>, self.min_tls)?;
        let name = ServerName::try_from(route.sni.clone())
            .map_err(|_| TunnelError::ServerName(route.sni.clone()))?;
        let deadline = Instant::now() + self.handshake_timeout;
        let secured = match timeout_at(deadline, connect(config, name, &mut tcp)).await {
            Ok(Ok(secured)) => secured,
            Ok(Err(error)) => {
                return Err(TunnelError::Handshake {
                    gateway,
                    sni: route.sni.clone(),
                    error: HandshakeError::new(error, Side::Client, &verdict),
                });
            }
            Err(_) => {
                return Err(TunnelError::Timeout {
                    gateway,
                    after: self.handshake_timeout,
                });
            }
        };
        Ok(Tunnel {
            stream: TlsLeg::new(tcp, secured),
            gateway,
            peer: verdict.peer().cloned(),
        })
    }
}

/// The rule for who may be at the far end of a route.
#[derive(Debug)]
struct FarEnd {
    rule: eastwest_mesh::PeerRule,
    own_trust_domain: String,
    certificate_name: Option<String>,
    origin: String,
}

impl FarEnd {
    fn of(route: &Route, identity: &Identity) -> Self {
        Self {
            rule: route.peer.clone(),
            own_trust_domain: identity.trust_domain().to_owned(),
            certificate_name: route.certificate_name.as_ref().map(ToString::to_string),
            origin: route.origin.to_string(),
        }
    }
}

impl PeerPolicy for FarEnd {
    fn dns_name(&self) -> Option<&str> {
        self.certificate_name.as_deref()
    }

    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        let principal = Principal {
            trust_domain: peer.trust_domain(),
            path: peer.path(),
        };
        if self.rule.allows(&principal, &self.own_trust_domain) {
            return Ok(());
        }
        let expected = self.rule.expected(&self.own_trust_domain);
        Err(format!("the route ({}) expects {expected}", self.origin))
    }
}

#[cfg(test)]
mod tests;
