//! The outbound side: what apps dial in clear leaves as mTLS to a gateway.

mod connection;
mod far_end;
mod gateways;
mod health;
mod listeners;
mod order;
mod probe;
mod table;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{Connections, Shutdown};
use eastwest_mesh::Mesh;
use eastwest_transport::limits::Ledger;
use eastwest_transport::listener::Listener;
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::Patience;
use tokio::net::TcpStream;

use crate::original_dst::original_dst;
use connection::Destination;
pub use far_end::FarEnd;
pub(crate) use gateways::Gateways;
pub(crate) use listeners::{AliasListeners, Unopened};
pub use order::Locality;
pub(crate) use table::{Arrival, RouteTable};
pub(crate) use tunnel::Tunnels;

/// A port that no alias has (discard, RFC 863), at which `eastwest doctor` looks whether what is sent to an
/// alias's address comes to the shim.
pub const DISCARD: u16 = 9;

/// What all outbound connections share.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) routes: ArcSwap<RouteTable>,
    pub(crate) arrival: Arrival,
    pub(crate) tunnels: Arc<Tunnels>,
    pub(crate) patience: Patience,
    pub(crate) ledger: Ledger,
    pub(crate) connections: Connections,
    pub(crate) shutdown: Shutdown,
}

impl Outbound {
    /// Serves the address of one alias until `listener` is dropped with its task.
    pub(crate) async fn serve_alias(self: Arc<Self>, listener: Listener, address: SocketAddr) {
        loop {
            let (app, peer) = listener.accept().await;
            let destination = if self.is_from_inside(&app) {
                Destination::Unknown {
                    reason: Reason::NotRedirected,
                    said: "it was made on loopback, and Services come from elsewhere; \
                           --service-address 127.0.0.1 is for those"
                        .to_owned(),
                }
            } else {
                self.destination(address)
            };
            self.shutdown
                .spawn(Arc::clone(&self).serve(app, peer, destination));
        }
    }

    /// Serves what the redirect rules send here (mode `redirect`).
    pub(crate) async fn serve_redirected(self: Arc<Self>, listener: Listener) {
        loop {
            let (app, peer) = listener.accept().await;
            let destination = match original_dst(&app) {
                Ok(dialled) => self.destination(dialled),
                Err(error) => Destination::Unknown {
                    reason: Reason::NotRedirected,
                    said: error.to_string(),
                },
            };
            self.shutdown
                .spawn(Arc::clone(&self).serve(app, peer, destination));
        }
    }

    /// Whether a connection to all addresses of the pod came by loopback, where nobody was asked in.
    fn is_from_inside(&self, app: &TcpStream) -> bool {
        matches!(self.arrival, Arrival::PodAddress(ip) if ip.is_unspecified())
            && app
                .local_addr()
                .is_ok_and(|local| local.ip().to_canonical().is_loopback())
    }

    /// Takes new routes; connections keep those that they began with.
    pub(crate) fn follow(&self, mesh: &Mesh) {
        self.tunnels.gateways.follow(&mesh.routes);
        self.routes
            .store(Arc::new(RouteTable::of(mesh, self.arrival)));
    }

    fn destination(&self, dialled: SocketAddr) -> Destination {
        let routes = self.routes.load();
        if let Some(route) = routes.route(dialled) {
            return Destination::Route(Arc::clone(route));
        }
        let said = match routes.ports_of(dialled).as_slice() {
            [_, ..] if dialled.port() == DISCARD => return Destination::Look,
            [] => format!("{dialled} is the address of no alias in the manifests"),
            ports => {
                let ports: Vec<_> = ports
                    .iter()
                    .map(|(alias, port)| format!("{alias}:{port}"))
                    .collect();
                format!(
                    "{dialled} is not served: that address has {}",
                    ports.join(", ")
                )
            }
        };
        Destination::Unknown {
            reason: Reason::NoRoute,
            said,
        }
    }
}
