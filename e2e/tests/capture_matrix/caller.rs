//! Who calls the replica's server from another pod, through the shims of both.

use std::net::SocketAddr;

use eastwest::clusters::SOURCE;
use eastwest_mesh::service_port;

use super::alias::{Alias, EGRESS, Family, PXC, ip_of};
use super::pods::Containers;

const CALLER: &str = "matrix-caller";
const INBOUND: u16 = 15444;

/// A shim that leads the alias straight to the one of the replica's pod, without a gateway.
pub(crate) struct Caller {
    dials: SocketAddr,
}

impl Caller {
    pub(crate) fn start(pods: &mut Containers, family: Family) -> Self {
        let to = SocketAddr::new(ip_of(PXC, family), INBOUND);
        let manifest = Alias::virtual_ip("service", family).manifest_by("service", to);
        pods.start_named(CALLER, (EGRESS, "service"), &manifest, &[]);
        let alias = SOURCE.alias().parse().unwrap();
        let port = service_port::computed(&alias, 3306.try_into().unwrap());
        let dials = SocketAddr::new(ip_of(EGRESS, family), port.get());
        Self { dials }
    }

    /// What an app of that pod connects to.
    pub(crate) const fn dials(&self) -> SocketAddr {
        self.dials
    }

    pub(crate) fn end(self, pods: &mut Containers) {
        pods.kill(CALLER);
    }
}
