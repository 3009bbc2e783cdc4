//! One connection of an app: route found, tunnel opened, bytes carried.

use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_daemon::{
    ConnectionGuard, ConnectionInfo, ConnectionState, Direction, Ended, Steps, Talk, Weight,
};
use eastwest_mesh::Route;
use eastwest_transport::client_hello::ConnectionId;
use eastwest_transport::limits::{Full, Seat};
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::{Counts, Patience, relay_into_tls};
use eastwest_transport::socket::reset_on_close;
use eastwest_transport::spiffe::SpiffeId;
use tokio::net::TcpStream;

use super::Outbound;
use super::tunnel::{Tunnel, TunnelError};

/// Where an app's connection was meant to go, or why nobody can tell.
pub(super) enum Destination {
    Route(Arc<Route>),
    Unknown {
        reason: Reason,
        said: String,
    },
    /// Port [`DISCARD`](super::DISCARD) of an alias: whoever comes to it has come to the shim, and wants no more.
    Look,
}

/// Why the app's connection ended before it carried anything.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Tunnel(#[from] TunnelError),
    #[error("{0}")]
    Full(#[from] Full),
    #[error("the process was told to stop")]
    Stopped,
}

impl Refused {
    fn reason(&self) -> Reason {
        match self {
            Self::Tunnel(error) => error.reason(),
            Self::Full(_) => Reason::TooManyConnections,
            Self::Stopped => Reason::Drained,
        }
    }

    fn connection_id(&self) -> Option<ConnectionId> {
        match self {
            Self::Tunnel(error) => error.connection_id(),
            Self::Full(_) | Self::Stopped => None,
        }
    }
}

impl Outbound {
    pub(super) async fn serve(
        self: Arc<Self>,
        app: TcpStream,
        peer: SocketAddr,
        destination: Destination,
    ) {
        let counts = Counts::default();
        let info = ConnectionInfo {
            direction: Direction::Outbound,
            peer,
            bytes: counts.shared(),
        };
        let guard = self.connections.open(info);
        match destination {
            Destination::Route(route) => self.carry(app, peer, &route, counts, guard).await,
            Destination::Unknown { reason, said } => {
                reset_on_close(&app);
                drop(app);
                end(guard, reason, Some(&said));
            }
            Destination::Look => {
                reset_on_close(&app);
                drop(app);
                guard.end(&Ended {
                    reason: Reason::Finished.as_str(),
                    error: Some(&"it looked whether it comes to the shim"),
                    weight: Weight::Noise,
                });
            }
        }
    }

    async fn carry(
        &self,
        mut app: TcpStream,
        peer: SocketAddr,
        route: &Route,
        counts: Counts,
        guard: ConnectionGuard,
    ) {
        let name = format!("{}:{}", route.alias, route.port);
        guard.set_route(&name, route.alias.as_ref());
        guard.set_state(ConnectionState::Dialling);
        // Boxed, so that the handshake's state does not stay with the connection for its life.
        let (mut tunnel, _seat) = match Box::pin(self.open(peer, route, guard.steps())).await {
            Ok(opened) => opened,
            Err(refused) => {
                // The app learns it now, as an error, and MySQL tries its next source.
                reset_on_close(&app);
                drop(app);
                if let Some(id) = refused.connection_id() {
                    guard.set_connection_id(id.get());
                }
                end(guard, refused.reason(), Some(&refused));
                return;
            }
        };
        guard.set_upstream(tunnel.gateway);
        if let Some(id) = tunnel.id {
            guard.set_connection_id(id.get());
        }
        if let Some(peer) = &tunnel.peer {
            guard.set_identity(peer.as_str());
        }
        let own = self.tunnels.identity.current().ok();
        guard.relays(&Talk {
            source_principal: own.as_ref().map(|identity| identity.id().as_str()),
            destination_principal: tunnel.peer.as_ref().map(SpiffeId::as_str),
            destination_service: Some(route.alias.as_ref()),
        });
        let stop = self.shutdown.aborted_token();
        let sockets = self.tunnels.sockets_of(route);
        let patience = Patience::new(self.patience.half_closed, &sockets);
        let over = relay_into_tls(&mut app, &mut tunnel.stream, &counts, &patience, &stop).await;
        drop((app, tunnel));
        end(guard, over.reason, over.error.as_ref());
    }

    async fn open(
        &self,
        app: SocketAddr,
        route: &Route,
        steps: &Steps,
    ) -> Result<(Tunnel, Seat), Refused> {
        let mut seat = self.ledger.admit(app.ip())?;
        let own = route.connection_pool.max_connections;
        seat.on_route_with(route.alias.as_ref(), own.and_then(|n| n.try_into().ok()))?;
        tokio::select! {
            biased;
            opened = self.tunnels.open(route, steps) => Ok((opened?, seat)),
            () = self.shutdown.aborted() => Err(Refused::Stopped),
        }
    }
}

fn end<E: std::fmt::Display>(guard: ConnectionGuard, reason: Reason, error: Option<&E>) {
    let weight = match reason {
        Reason::Finished => Weight::Ordinary,
        // Said now and then by who counts; an app tries again at once.
        Reason::TooManyConnections => Weight::Noise,
        _ => Weight::Failure,
    };
    guard.end(&Ended {
        reason: reason.as_str(),
        error: error.map(|error| error as &dyn std::fmt::Display),
        weight,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future_size<S, T, U, V, F>(_: impl Fn(S, T, U, V) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_task_of_a_connection_stays_small() {
        let size = future_size(Outbound::serve);
        assert!(size <= 3072, "{size} bytes for each connection");
    }
}
