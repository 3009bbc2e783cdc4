//! The TLS side of an inbound connection: ClientHello, port, caller.

use std::num::NonZeroU16;
use std::sync::Arc;

use eastwest_daemon::{ConnectionGuard, Step};
use eastwest_mesh::Principal;
use eastwest_transport::admission::Clock;
use eastwest_transport::client_hello::{self, ClientHello, ConnectionId, ReadHelloError};
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::TlsLeg;
use eastwest_transport::sni::{Sni, SniError};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    ALPN_DOCTOR, ALPN_ISTIO, ConfigError, HandshakeError, IdentityError, IdentityStore, MinTls,
    PeerPolicy, Secured, ServerAlpn, Side, Talk, Verdict, accept_timed,
};
use rustls::AlertDescription;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{Inbound, OwnPod};

/// What inbound connections are accepted with.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) identity: IdentityStore,
    pub(crate) ports: Vec<NonZeroU16>,
    /// Where the pod has a name to know it by.
    pub(crate) pod: Option<OwnPod>,
    pub(crate) min_tls: MinTls,
}

/// A caller that may come in, and where it wants to go.
pub(crate) struct Accepted {
    secured: Secured,
    pub(crate) port: NonZeroU16,
    pub(crate) peer: Option<SpiffeId>,
}

/// What a caller wants.
pub(crate) enum Wish {
    /// The app.
    App(TlsLeg),
    /// To know how the app is, without troubling it.
    Word(Talk<TcpStream>),
}

impl Accepted {
    /// What it wants, over its connection.
    pub(crate) fn wish(self, tcp: TcpStream) -> Wish {
        match self.secured.is_for_doctor() {
            true => Wish::Word(Talk::new(tcp, self.secured)),
            false => Wish::App(TlsLeg::new(tcp, self.secured)),
        }
    }
}

/// Why a caller does not come in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    #[error("{0}")]
    Hello(#[from] ReadHelloError),
    #[error("the ClientHello names no server (no SNI), so that the port is not known")]
    NoSni,
    #[error("{0}")]
    Sni(#[from] SniError),
    #[error("port {port} is not served here; served: {}", list(.served))]
    PortNotServed {
        port: NonZeroU16,
        served: Vec<NonZeroU16>,
    },
    #[error(
        "the server name {host} has no port in it, and several are served here: {}; send \
         outbound_.PORT_._.{host}",
        list(.served)
    )]
    PortUnknown {
        host: String,
        served: Vec<NonZeroU16>,
    },
    #[error(
        "the server name is for pod {asked}, and this is {own} (--pod-name): an address that was \
         looked up for {asked} is this pod's now, or DNS is wrong"
    )]
    WrongPod { asked: String, own: OwnPod },
    #[error("there is no certificate to show: {0}")]
    NoIdentity(Arc<IdentityError>),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Handshake(HandshakeError),
}

fn list(ports: &[NonZeroU16]) -> String {
    ports
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl AcceptError {
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Hello(error) => error.reason(),
            Self::Handshake(error) => error.into(),
            Self::NoSni => Reason::NoSni,
            Self::Sni(_) => Reason::BadSni,
            Self::PortNotServed { .. } | Self::PortUnknown { .. } => Reason::PortNotServed,
            Self::WrongPod { .. } => Reason::WrongPod,
            Self::NoIdentity(_) | Self::Config(_) => Reason::NoIdentity,
        }
    }

    /// What the caller is told.
    const fn alert(&self) -> AlertDescription {
        match self {
            // RFC 6066, section 3.
            Self::WrongPod { .. } => AlertDescription::UnrecognisedName,
            // As a gateway that cannot reach the pod: it is none of the caller's doing.
            Self::NoIdentity(_) => AlertDescription::InternalError,
            // One that no gateway sends.
            _ => AlertDescription::AccessDenied,
        }
    }

    /// Whether it is the noise of health checks and port scans: they connect and say nothing.
    pub(crate) const fn is_noise(&self) -> bool {
        matches!(self, Self::Hello(ReadHelloError::Closed { read: 0 }))
    }
}

impl Inbound {
    /// Takes the connection through its handshake. The caller bounds the time, and `clock` stands still
    /// while the client waits for its turn.
    pub(super) async fn accept(
        self: &Arc<Self>,
        tcp: &mut TcpStream,
        clock: &Clock,
        guard: &ConnectionGuard,
    ) -> Result<Accepted, AcceptError> {
        let mut read = Vec::new();
        let hello = match client_hello::read(tcp, &mut read).await {
            Ok(hello) => hello,
            Err(error) => {
                if let ReadHelloError::Hello(_) = error {
                    refuse(tcp, AlertDescription::DecodeError).await;
                }
                return Err(error.into());
            }
        };
        guard.steps().take(Step::Hello, Instant::now());
        if let Some(id) = ConnectionId::of(&read) {
            guard.set_connection_id(id.get());
        }
        let port = match self.acceptance.port(&hello) {
            Ok(port) => port,
            Err(error) => {
                refuse(tcp, error.alert()).await;
                return Err(error);
            }
        };
        // One that is out of its time is shown: the caller, who judges that, can then say so.
        let identity = match self.acceptance.identity.current() {
            Ok(identity) => identity,
            Err(why) => {
                let error = AcceptError::NoIdentity(why);
                refuse(tcp, error.alert()).await;
                return Err(error);
            }
        };
        let caller = Caller {
            inbound: Arc::clone(self),
            port,
        };
        let verdict = Verdict::new(Arc::new(caller));
        let config = identity.server_config(
            Arc::clone(&verdict) as Arc<_>,
            self.acceptance.min_tls,
            alpn(&hello),
        )?;
        let secured = accept_timed(config, tcp, read, clock)
            .await
            .map_err(|error| HandshakeError::new(error, Side::Server, &verdict))
            .map_err(AcceptError::Handshake)?;
        Ok(Accepted {
            secured,
            port,
            peer: verdict.peer().cloned(),
        })
    }
}

impl Acceptance {
    /// The app's port: the one in an Istio name, the only one for a plain name.
    fn port(&self, hello: &ClientHello) -> Result<NonZeroU16, AcceptError> {
        let sni: Sni = hello.sni().ok_or(AcceptError::NoSni)?.parse()?;
        let host = match &sni {
            Sni::Istio(name) => &name.host,
            Sni::Plain(host) => host,
        };
        if let Some(own) = &self.pod
            && let Some(asked) = own.other(host)
        {
            return Err(AcceptError::WrongPod {
                asked: asked.to_owned(),
                own: own.clone(),
            });
        }
        match (sni, self.ports.as_slice()) {
            (Sni::Istio(name), served) if served.contains(&name.port) => Ok(name.port),
            (Sni::Istio(name), served) => Err(AcceptError::PortNotServed {
                port: name.port,
                served: served.to_vec(),
            }),
            (Sni::Plain(_), &[only]) => Ok(only),
            (Sni::Plain(host), served) => Err(AcceptError::PortUnknown {
                host,
                served: served.to_vec(),
            }),
        }
    }
}

fn alpn(hello: &ClientHello) -> ServerAlpn {
    match hello.offers_alpn(ALPN_DOCTOR) {
        true => ServerAlpn::Doctor,
        false => ServerAlpn::answering(hello.offers_alpn(ALPN_ISTIO)),
    }
}

/// Tells a client whose ClientHello cannot be served why its connection ends: a fatal alert in clear
/// (RFC 8446, sections 5.1 and 6.2).
async fn refuse(tcp: &mut TcpStream, alert: AlertDescription) {
    let _ = tcp.try_write(&[21, 3, 3, 0, 2, 2, alert.into()]);
    let _ = tcp.shutdown().await;
}

/// The policy for one connection: who may use this port.
#[derive(Debug)]
struct Caller {
    inbound: Arc<Inbound>,
    port: NonZeroU16,
}

impl PeerPolicy for Caller {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        let peer = Principal {
            trust_domain: peer.trust_domain(),
            path: peer.path(),
        };
        // Read now: a list that has changed while the handshake was under way holds already.
        self.inbound.allowed.load().check(self.port, &peer)
    }
}
