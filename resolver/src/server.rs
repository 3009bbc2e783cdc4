//! The resolver as a whole: bound first, then served until told to stop.

mod tcp;
mod udp;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use arc_swap::ArcSwap;
use eastwest_transport::{listener::Listener, socket::SocketOptions};
use tokio::{net::UdpSocket, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alias::AliasTable,
    config::{ResolverConfig, TcpLimits},
    dispatch::Dispatcher,
    forward::Forwarder,
    metrics::{self, QueryMetrics},
    zone::AliasZone,
};

/// How often a free port is looked for that is free for both UDP and TCP.
const PORT_TRIES: usize = 16;

/// Why the resolver can't start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No address to listen on was given.
    #[error("no address to take DNS questions on was given")]
    NoAddress,
    /// An address can't be had.
    #[error("cannot take DNS questions on {address} over {protocol}: {}", explain(.source, *.address))]
    Address {
        /// The address that was asked for.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// An upstream is the resolver itself.
    #[error(
        "the name server {upstream} is this resolver itself (it listens on {listen}): questions \
         would go round in circles. In a pod, the cluster's own DNS is the Service kube-dns in \
         namespace kube-system; give its address instead"
    )]
    UpstreamIsSelf {
        /// The name server.
        upstream: SocketAddr,
        /// The address that it is the same as.
        listen: SocketAddr,
    },
}

fn explain(error: &io::Error, address: SocketAddr) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another process has port {port} (often systemd-resolved or dnsmasq; \
             `ss -lntup 'sport = :{port}'` names it). Stop it, or listen on an address that it has \
             not taken, for example 127.0.0.2:{port}"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "not allowed: ports below 1024 need CAP_NET_BIND_SERVICE, or the sysctl \
             net.ipv4.ip_unprivileged_port_start at {port} or less"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "no interface of this host or pod has the address {}",
                address.ip()
            )
        }
        _ => error.to_string(),
    }
}

/// Answers aliases and forwards other names.
#[derive(Debug)]
pub struct Resolver;

impl Resolver {
    /// Takes the addresses, without answering yet. `table` may be swapped at any time.
    ///
    /// # Errors
    /// Where an address can't be had, or an upstream is the resolver itself.
    pub fn bind(
        config: &ResolverConfig,
        table: Arc<ArcSwap<AliasTable>>,
    ) -> Result<Bound, BindError> {
        let sockets: Vec<_> = config
            .listen
            .iter()
            .map(|&address| Sockets::bind(address))
            .collect::<Result<_, _>>()?;
        if sockets.is_empty() {
            return Err(BindError::NoAddress);
        }
        for &upstream in &config.forwarding.upstreams {
            if let Some(own) = sockets.iter().find(|own| reaches(upstream, own.address)) {
                return Err(BindError::UpstreamIsSelf {
                    upstream,
                    listen: own.address,
                });
            }
        }
        metrics::describe();
        let forwarder = Forwarder::new(&config.forwarding);
        let zone = AliasZone {
            table,
            search: config.search.clone(),
            ttl: config.ttl,
            recursion: !forwarder.is_empty(),
        };
        let dispatcher = Arc::new(Dispatcher {
            zone,
            forwarder,
            metrics: QueryMetrics::new(),
        });
        Ok(Bound {
            sockets,
            dispatcher,
            tcp: config.tcp,
        })
    }
}

/// A resolver that has its addresses.
pub struct Bound {
    sockets: Vec<Sockets>,
    dispatcher: Arc<Dispatcher>,
    tcp: TcpLimits,
}

impl Bound {
    /// Where questions are taken, with the ports that were chosen for port 0.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().map(|sockets| sockets.address).collect()
    }

    /// A view of the name servers' health, for as long as anyone asks.
    pub fn upstreams(&self) -> UpstreamHealth {
        UpstreamHealth(Arc::clone(&self.dispatcher))
    }

    /// Answers until `shutdown`; then takes no more questions, answers those that it has, and
    /// returns: at the latest after the total time of a forward.
    pub async fn serve(self, shutdown: CancellationToken) {
        let tasks = TaskTracker::new();
        let connections = Arc::new(Semaphore::new(self.tcp.connections));
        for Sockets { udp, tcp, .. } in self.sockets {
            let udp = udp::Server {
                socket: Arc::new(udp),
                dispatcher: Arc::clone(&self.dispatcher),
                forwards: tasks.clone(),
            };
            tasks.spawn(udp.serve(shutdown.clone()));
            let tcp = tcp::Server {
                listener: tcp,
                dispatcher: Arc::clone(&self.dispatcher),
                limits: self.tcp,
                connections: Arc::clone(&connections),
                tasks: tasks.clone(),
            };
            tasks.spawn(tcp.serve(shutdown.clone()));
        }
        shutdown.cancelled().await;
        tasks.close();
        tasks.wait().await;
    }
}

/// Which name servers answer.
#[derive(Clone)]
pub struct UpstreamHealth(Arc<Dispatcher>);

impl UpstreamHealth {
    /// Each name server, with whether the last question that it was asked had an answer.
    pub fn snapshot(&self) -> Vec<(SocketAddr, bool)> {
        self.0.forwarder.health().collect()
    }
}

struct Sockets {
    address: SocketAddr,
    udp: UdpSocket,
    tcp: Listener,
}

impl Sockets {
    fn bind(asked: SocketAddr) -> Result<Self, BindError> {
        let mut tries = if asked.port() == 0 { PORT_TRIES } else { 1 };
        loop {
            tries -= 1;
            let failed = |protocol, address| {
                move |source| BindError::Address {
                    address,
                    protocol,
                    source,
                }
            };
            let udp = std::net::UdpSocket::bind(asked).map_err(failed("UDP", asked))?;
            udp.set_nonblocking(true).map_err(failed("UDP", asked))?;
            let address = udp.local_addr().map_err(failed("UDP", asked))?;
            match Listener::bind(address, SocketOptions::standard()) {
                Ok(tcp) => {
                    let udp = UdpSocket::from_std(udp).map_err(failed("UDP", address))?;
                    return Ok(Self { address, udp, tcp });
                }
                Err(_) if tries > 0 => {}
                Err(error) => return Err(failed("TCP", address)(error.source)),
            }
        }
    }
}

/// Whether what is sent to `upstream` arrives at a socket that is bound to `own`.
pub(crate) fn reaches(upstream: SocketAddr, own: SocketAddr) -> bool {
    let to = upstream.ip().to_canonical();
    upstream.port() == own.port()
        && (to == own.ip().to_canonical() || (own.ip().is_unspecified() && is_of_this_host(to)))
}

/// The kernel lets a socket be bound to the host's own addresses only.
fn is_of_this_host(address: IpAddr) -> bool {
    std::net::UdpSocket::bind((address, 0)).is_ok()
}
