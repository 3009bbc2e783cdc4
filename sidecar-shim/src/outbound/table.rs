//! The routes of a shim, by the address that an app dials.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_mesh::{Mesh, Route};

/// All routes. Replaced as a whole on reload; a connection keeps the route that it began with.
#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    by_address: HashMap<SocketAddr, Arc<Route>>,
}

impl RouteTable {
    pub(crate) fn of(mesh: &Mesh) -> Self {
        let mut by_address = HashMap::new();
        for route in &mesh.routes {
            let route = Arc::new(route.clone());
            for &ip in &route.virtual_ips {
                by_address.insert(SocketAddr::new(ip, route.port.get()), Arc::clone(&route));
            }
        }
        Self { by_address }
    }

    /// The route of the alias whose virtual IP and port were dialled.
    pub(crate) fn route(&self, dialled: SocketAddr) -> Option<&Arc<Route>> {
        self.by_address.get(&dialled)
    }

    /// Every address that an app can dial.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.by_address.keys().copied()
    }

    /// All routes, for `/routes`.
    pub(crate) fn shown(&self) -> Vec<&Route> {
        let mut routes: Vec<&Route> = self.by_address.values().map(|route| &**route).collect();
        routes.sort_by(|a, b| (&a.alias, a.port).cmp(&(&b.alias, b.port)));
        routes.dedup_by(|a, b| (&a.alias, a.port) == (&b.alias, b.port));
        routes
    }

    /// The aliases at the same IP, for a message about a port that none of them has.
    pub(crate) fn ports_of(&self, dialled: SocketAddr) -> Vec<(String, u16)> {
        let same = self
            .by_address
            .iter()
            .filter(|(address, _)| address.ip() == dialled.ip());
        let mut found: Vec<_> = same
            .map(|(address, route)| (route.alias.to_string(), address.port()))
            .collect();
        found.sort();
        found
    }
}
