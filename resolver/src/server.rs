//! The resolver as a whole: bound first, then served until told to stop.

pub(crate) mod asked_at;
mod bind;
mod tcp;
mod udp;

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use eastwest_daemon::Shares;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::bind::BindError;
use self::bind::Sockets;
pub(crate) use self::bind::reaches;
use crate::{
    alias::AliasTable,
    config::{ResolverConfig, TcpLimits},
    dispatch::Dispatcher,
    forward::{Forwarder, upstream::UpstreamState},
    metrics::{self, QueryMetrics},
    zone::AliasZone,
};

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

    /// A view of the name servers, for as long as anyone looks.
    pub fn upstreams(&self) -> UpstreamStates {
        UpstreamStates(Arc::clone(&self.dispatcher))
    }

    /// Answers until `shutdown`; then takes no more questions, answers those that it has, and
    /// returns: at the latest after the total time of a forward.
    pub async fn serve(self, shutdown: CancellationToken) {
        let tasks = TaskTracker::new();
        let connections = Arc::new(Shares::new(self.tcp.connections));
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
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.dispatcher.forwarder.find_loops() => shutdown.cancelled().await,
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// What is known of the name servers.
#[derive(Clone)]
pub struct UpstreamStates(Arc<Dispatcher>);

impl UpstreamStates {
    /// Each name server, as it is now.
    pub fn snapshot(&self) -> Vec<(SocketAddr, UpstreamState)> {
        self.0.forwarder.states().collect()
    }
}
