//! The routes of a shim, by the address at which they reach it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use eastwest_mesh::{Mesh, Route};

/// Where connections to an alias arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// At addresses of its own.
    OwnAddresses,
    /// At this address of the pod, or all of them, and a port of its own (mode `service`).
    PodAddress(IpAddr),
}

impl Arrival {
    /// The addresses of one route.
    pub(crate) fn addresses(self, route: &Route) -> impl Iterator<Item = SocketAddr> + '_ {
        let (own, pod) = match self {
            Self::OwnAddresses => (route.virtual_ips.as_slice(), None),
            Self::PodAddress(pod) => (&[][..], Some(pod)),
        };
        let ips = own.iter().copied().chain(pod);
        ips.map(|ip| SocketAddr::new(ip, route.listen_port.get()))
    }
}

/// All routes. Replaced as a whole on reload; a connection keeps the route that it began with.
#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    by_address: HashMap<SocketAddr, Arc<Route>>,
    /// Each once, by alias and port. Sorted once: each scrape goes through them.
    shown: Vec<Arc<Route>>,
}

impl RouteTable {
    pub(crate) fn of(mesh: &Mesh, arrival: Arrival) -> Self {
        let mut by_address: HashMap<SocketAddr, Arc<Route>> = HashMap::new();
        for route in &mesh.routes {
            let route = Arc::new(route.clone());
            let addresses = arrival.addresses(&route);
            by_address.extend(addresses.map(|address| (address, Arc::clone(&route))));
        }
        let mut shown: Vec<_> = by_address.values().cloned().collect();
        shown.sort_by(|a, b| (&a.alias, a.port).cmp(&(&b.alias, b.port)));
        shown.dedup_by(|a, b| (&a.alias, a.port) == (&b.alias, b.port));
        Self { by_address, shown }
    }

    /// The route of the alias whose address and port were dialled.
    pub(crate) fn route(&self, dialled: SocketAddr) -> Option<&Arc<Route>> {
        self.by_address.get(&dialled)
    }

    /// Every address that an app can dial.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.by_address.keys().copied()
    }

    /// All routes, for `/routes` and `/status.json`.
    pub(crate) fn shown(&self) -> &[Arc<Route>] {
        &self.shown
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
