//! Cables between hosts and networks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::runtime;

use super::error::{Doing, Refusal};
use super::keeper::Keeper;
use super::netlink::{Interface, Netlink};
use super::plan::{HostPlan, StagePlan};

/// Clear of the numbers that the kernel gives to interfaces of its own, such as `tunl0`.
const FIRST_INTERFACE: u32 = 100;
const FIRST_PORT: u32 = 10_000;

/// The state of the cable between a host and a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Packets pass.
    Connected,
    /// Packets vanish in both directions and neither side is told, as when a WAN fails.
    Cut,
}

/// All cables of a stage. The bridges, one a network, are in the holder's own namespace, together
/// with the far ends of the hosts' interfaces.
pub(super) struct Cables {
    fabric: Netlink,
    by_end: BTreeMap<(String, String), Cable>,
}

#[derive(Debug, Clone, Copy)]
struct Cable {
    interface: Interface,
    port: Interface,
    bridge: Interface,
}

impl Cables {
    /// Lays the cables of `plan`, gives the hosts their addresses and then their routes.
    pub(super) async fn lay(
        plan: &StagePlan,
        keepers: &BTreeMap<String, Keeper>,
        runtime: &runtime::Handle,
    ) -> Result<Self, Refusal> {
        let fabric = Netlink::here(runtime).doing(|| "opening a netlink socket".to_owned())?;
        let namespace = File::open("/proc/thread-self/ns/net")
            .doing(|| "opening the network namespace of the bridges".to_owned())?;
        let mut cables = Self {
            fabric,
            by_end: BTreeMap::new(),
        };
        let mut bridges = BTreeMap::new();
        for (bridge, name) in (FIRST_INTERFACE..).map(Interface).zip(&plan.networks) {
            cables
                .fabric
                .add_bridge(name, bridge)
                .await
                .doing(|| format!("making network {name:?} (a bridge)"))?;
            bridges.insert(name.as_str(), bridge);
        }
        for host in &plan.hosts {
            if let Some(keeper) = keepers.get(&host.name) {
                cables.connect(host, keeper, &bridges, &namespace).await?;
            }
        }
        Ok(cables)
    }

    async fn connect(
        &mut self,
        host: &HostPlan,
        keeper: &Keeper,
        bridges: &BTreeMap<&str, Interface>,
        fabric: &File,
    ) -> Result<(), Refusal> {
        let name = &host.name;
        let netlink = keeper.netlink();
        netlink
            .up(Interface::LOOPBACK)
            .await
            .doing(|| format!("bringing lo of host {name:?} up"))?;
        for (interface, attachment) in (FIRST_INTERFACE..).map(Interface).zip(&host.attachments) {
            let network = &attachment.network;
            let Some(&bridge) = bridges.get(network.as_str()) else {
                continue;
            };
            let port =
                Interface(FIRST_PORT.saturating_add(u32::try_from(self.by_end.len()).unwrap_or(0)));
            let cable = Cable {
                interface,
                port,
                bridge,
            };
            netlink
                .add_pair(
                    (network, interface),
                    (&format!("p{}", port.0), port),
                    fabric,
                )
                .await
                .doing(|| format!("making interface {network:?} of host {name:?} (a veth pair)"))?;
            for address in &attachment.addresses {
                netlink
                    .add_address(interface, *address)
                    .await
                    .doing(|| format!("giving {address} to host {name:?}"))?;
            }
            netlink
                .up(interface)
                .await
                .doing(|| format!("bringing interface {network:?} of host {name:?} up"))?;
            self.fabric
                .plug(port, Some(bridge))
                .await
                .doing(|| format!("plugging host {name:?} into network {network:?}"))?;
            self.by_end.insert((name.clone(), network.clone()), cable);
        }
        for route in &host.routes {
            netlink.add_route(*route).await.doing(|| {
                format!(
                    "giving host {name:?} a route to {} via {}",
                    route.to, route.via
                )
            })?;
        }
        Ok(())
    }

    fn cable(&self, host: &str, network: &str) -> io::Result<Cable> {
        self.by_end
            .get(&(host.to_owned(), network.to_owned()))
            .copied()
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::NotFound, "the host is not on that network")
            })
    }

    /// Cuts or restores a cable.
    pub(super) async fn set(&self, host: &str, network: &str, link: Link) -> io::Result<()> {
        let cable = self.cable(host, network)?;
        let bridge = match link {
            Link::Connected => Some(cable.bridge),
            Link::Cut => None,
        };
        self.fabric.plug(cable.port, bridge).await
    }

    /// Gives a host an address, and has its neighbours forget who had it before.
    pub(super) async fn add_address(
        &self,
        keepers: &BTreeMap<String, Keeper>,
        (host, network): (&str, &str),
        address: IpNet,
    ) -> io::Result<()> {
        let cable = self.cable(host, network)?;
        if let Some(keeper) = keepers.get(host) {
            keeper
                .netlink()
                .add_address(cable.interface, address)
                .await?;
        }
        let neighbours = self.by_end.iter().filter(|((_, on), _)| on == network);
        for ((neighbour, _), cable) in neighbours {
            if let Some(keeper) = keepers.get(neighbour) {
                let netlink = keeper.netlink();
                netlink
                    .forget_neighbour(cable.interface, address.addr())
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes an address from a host.
    pub(super) async fn delete_address(
        &self,
        keepers: &BTreeMap<String, Keeper>,
        (host, network): (&str, &str),
        address: IpNet,
    ) -> io::Result<()> {
        let cable = self.cable(host, network)?;
        match keepers.get(host) {
            Some(keeper) => {
                keeper
                    .netlink()
                    .delete_address(cable.interface, address)
                    .await
            }
            None => Ok(()),
        }
    }
}
