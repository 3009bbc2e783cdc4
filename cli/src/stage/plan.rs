//! What a stage consists of, as plain data.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::resolv_conf::ResolvConf;

mod check;
#[cfg(test)]
mod tests;

pub use check::PlanError;

/// The hosts and networks of a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePlan {
    /// Names of the networks; each is one Ethernet segment.
    pub networks: Vec<String>,
    /// The hosts on them.
    pub hosts: Vec<HostPlan>,
}

/// One host: a network namespace with its own name and its own `/etc/resolv.conf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPlan {
    /// The host's name, and its hostname.
    pub name: String,
    /// Its interfaces, each named after the network it is on.
    pub attachments: Vec<Attachment>,
    /// Its routes beside those that its own addresses bring.
    pub routes: Vec<Route>,
    /// Whether it passes on packets that are not for itself.
    pub forwarding: Forwarding,
    /// How its programs resolve names.
    pub resolv_conf: ResolvConf,
}

/// An interface of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network, and the interface's name.
    pub network: String,
    /// The interface's addresses, IPv4 or IPv6, each with its network's prefix length.
    pub addresses: Vec<IpNet>,
}

/// A static route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to; `0.0.0.0/0` or `::/0` for the default route.
    pub to: IpNet,
    /// The neighbour that leads there.
    pub via: IpAddr,
}

/// Whether a host is a router.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Forwarding {
    /// Packets for others are dropped. Always set, as a new namespace may inherit the machine's setting.
    #[default]
    Off,
    /// Packets for others are passed on.
    On,
}

impl StagePlan {
    /// A plan without hosts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a network.
    #[must_use]
    pub fn network(mut self, name: impl Into<String>) -> Self {
        self.networks.push(name.into());
        self
    }

    /// Adds a host.
    #[must_use]
    pub fn host(mut self, host: HostPlan) -> Self {
        self.hosts.push(host);
        self
    }

    /// The host named `name`.
    #[must_use]
    pub fn host_named(&self, name: &str) -> Option<&HostPlan> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// The host named `name`, to change it.
    pub fn host_named_mut(&mut self, name: &str) -> Option<&mut HostPlan> {
        self.hosts.iter_mut().find(|host| host.name == name)
    }
}

impl HostPlan {
    /// A host without interfaces, that forwards nothing and has no nameserver.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            attachments: Vec::new(),
            routes: Vec::new(),
            forwarding: Forwarding::Off,
            resolv_conf: ResolvConf::default(),
        }
    }

    /// Puts the host on a network with an address; a second address on the same network joins the
    /// same interface.
    #[must_use]
    pub fn on(mut self, network: impl Into<String>, address: IpNet) -> Self {
        let network = network.into();
        match self.attachments.iter_mut().find(|a| a.network == network) {
            Some(attachment) => attachment.addresses.push(address),
            None => self.attachments.push(Attachment {
                network,
                addresses: vec![address],
            }),
        }
        self
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, to: IpNet, via: IpAddr) -> Self {
        self.routes.push(Route { to, via });
        self
    }

    /// Makes the host a router.
    #[must_use]
    pub fn forwarding(mut self) -> Self {
        self.forwarding = Forwarding::On;
        self
    }

    /// Sets how the host's programs resolve names.
    #[must_use]
    pub fn resolves_by(mut self, resolv_conf: ResolvConf) -> Self {
        self.resolv_conf = resolv_conf;
        self
    }

    /// The host's first address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses().next().map(IpNet::addr)
    }

    /// All addresses of the host, in the order of the plan.
    pub fn addresses(&self) -> impl Iterator<Item = &IpNet> {
        self.attachments.iter().flat_map(|a| &a.addresses)
    }
}
