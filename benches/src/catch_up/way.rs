//! The two ways from the replica to its source.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context;
use eastwest::clusters::{Databases, Layout, SOURCE};
use eastwest::mysql::Channel;
use eastwest::stage::{HostPlan, StagePlan, two_clusters};
use ipnet::IpNet;

/// How a replica gets to its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// By its alias: shim, gateway, shim.
    Path,
    /// To the server's own address, over the same networks, with a router where the gateway is.
    Direct,
}

/// Where the replica is.
pub(crate) const REPLICA: &str = "b-db";
/// The router of its cluster, which knows no way into the source's.
const NODE: &str = "b-node";
const ROUTER: &str = "a-node";

impl Way {
    pub(crate) const ALL: [Self; 2] = [Self::Path, Self::Direct];

    /// As it is called in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Path => "over the path",
            Self::Direct => "direct",
        }
    }

    /// What the replica is told.
    pub(crate) fn channel(self, databases: &Databases) -> Channel {
        match self {
            Self::Path => databases.channel(),
            Self::Direct => databases.channel_to(Layout::Stage.pod(&SOURCE).to_string()),
        }
    }
}

/// The two clusters, with a router between them beside the gateway.
///
/// # Errors
/// When the clusters have no such hosts.
pub(crate) fn plan() -> anyhow::Result<StagePlan> {
    let (inside, outside) = (network([10, 71, 0, 1], 24), network([172, 21, 0, 1], 16));
    let (pods_a, pods_b) = (inside.trunc(), network([10, 72, 0, 0], 24));
    let mut plan = two_clusters();
    let node = attached(&plan, NODE, "wan")?;
    let router = HostPlan::new(ROUTER)
        .on("pods-a", inside)
        .on("wan", outside)
        .route(pods_b, node)
        .forwarding();
    plan = plan.host(router);
    for (name, to, via) in [
        (NODE, pods_a, outside.addr()),
        (SOURCE.name, pods_b, inside.addr()),
    ] {
        let host = plan.host_named_mut(name).context(name)?;
        let planned = std::mem::replace(host, HostPlan::new(name));
        *host = planned.route(to, via);
    }
    Ok(plan)
}

/// The address of a host on a network.
fn attached(plan: &StagePlan, host: &str, network: &str) -> anyhow::Result<IpAddr> {
    let host = plan.host_named(host).context("no such host")?;
    let attached = host.attachments.iter().find(|it| it.network == network);
    let address = attached.and_then(|it| it.addresses.first());
    Ok(address.context("the host is not on that network")?.addr())
}

const fn network([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direct_way_leads_over_the_same_networks_and_by_the_gateway() {
        let plan = plan().unwrap();
        assert_eq!(plan.check(), Ok(()));
        let networks = |name: &str| -> Vec<_> {
            let host = plan.host_named(name).unwrap();
            host.attachments
                .iter()
                .map(|it| it.network.as_str())
                .collect()
        };
        assert_eq!(networks(ROUTER), networks("gateway"));
        let via = |name: &str| plan.host_named(name).unwrap().routes.last().unwrap().via;
        let router = plan.host_named(ROUTER).unwrap();
        for name in [NODE, SOURCE.name] {
            assert!(
                router.addresses().any(|it| it.addr() == via(name)),
                "{name}"
            );
        }
    }
}
