//! Where the alias leads, and the pods in cluster B with their addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use eastwest::clusters::SOURCE;
use eastwest::stage::{HostPlan, ResolvConf, StagePlan, two_clusters};
use eastwest_mesh::{Capture, virtual_ip};
use ipnet::IpNet;

/// Its resolv.conf names 127.0.0.1.
pub(crate) const PLAIN: &str = "b-db";
/// Its resolv.conf names the cluster's DNS, as in any pod of the operator's.
pub(crate) const PXC: &str = "b-pxc";
/// Not the replica's pod: the shim that Services lead to.
pub(crate) const EGRESS: &str = "b-egress";

const NETWORK: &str = "pods-b";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// The two clusters, two pods more, and IPv6 in those.
pub(crate) fn plan() -> StagePlan {
    let pod = |name: &str| {
        let dns = IpAddr::V4(Ipv4Addr::new(10, 72, 0, 53));
        HostPlan::new(name)
            .on(NETWORK, IpNet::new_assert(ipv4_of(name).into(), 24))
            .on(NETWORK, IpNet::new_assert(ipv6_of(name).into(), 64))
            .route("0.0.0.0/0".parse().unwrap(), ipv4_of("b-node").into())
            .route("::/0".parse().unwrap(), ipv6_of("b-node").into())
            .resolves_by(ResolvConf::of_pod(dns, "pxc", "cluster.local"))
    };
    let mut plan = two_clusters().host(pod(PXC)).host(pod(EGRESS));
    let node = plan.host_named_mut("b-node").unwrap();
    let address = IpNet::new_assert(ipv6_of("b-node").into(), 64);
    *node = node.clone().on(NETWORK, address);
    plan
}

pub(crate) fn ipv4_of(host: &str) -> Ipv4Addr {
    Ipv4Addr::new(10, 72, 0, number_of(host))
}

pub(crate) fn ipv6_of(host: &str) -> Ipv6Addr {
    Ipv6Addr::new(0xfd72, 0, 0, 0, 0, 0, 0, number_of(host).into())
}

pub(crate) fn ip_of(host: &str, family: Family) -> IpAddr {
    match family {
        Family::V4 => ipv4_of(host).into(),
        Family::V6 => ipv6_of(host).into(),
    }
}

fn number_of(host: &str) -> u8 {
    match host {
        "b-node" => 1,
        PLAIN => 20,
        PXC => 30,
        EGRESS => 40,
        other => panic!("{other} has no number"),
    }
}

/// Where the alias leads in one row.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) address: IpAddr,
}

impl Alias {
    /// The address that apps are told, in a mode and over a family.
    pub(crate) fn virtual_ip(mode: &str, family: Family) -> Self {
        let alias = SOURCE.alias().parse().unwrap();
        let address = match (mode, family) {
            ("vip" | "port", Family::V4) => virtual_ip::computed(&alias, Capture::Vip).into(),
            ("redirect", Family::V4) => virtual_ip::computed(&alias, Capture::Redirect).into(),
            ("redirect", Family::V6) => Ipv6Addr::new(0xfd24, 0x240, 0, 0, 0, 0, 0, 5).into(),
            ("service", _) => ip_of(EGRESS, family),
            (other, _) => panic!("{other} has no address over {family:?}"),
        };
        Self { address }
    }

    pub(crate) const fn dialled(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.address, port)
    }

    /// By the gateway of cluster A.
    pub(crate) fn manifest(&self, mode: &str) -> String {
        self.manifest_by(mode, SocketAddr::from(([172, 21, 0, 3], 15443)))
    }

    pub(crate) fn manifest_by(&self, mode: &str, gateway: SocketAddr) -> String {
        // Where it is left out it is computed.
        let addresses = match (mode, self.address) {
            ("service", _) | (_, IpAddr::V4(_)) => String::new(),
            (_, IpAddr::V6(ip)) => format!("  addresses: [{:?}]\n", ip.to_string()),
        };
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: src-db-pxc-0, namespace: pxc}}\nspec:\n  hosts: [{}]\n\
             {addresses}  location: MESH_INTERNAL\n  resolution: STATIC\n  \
             ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n  \
             endpoints: [{{address: '{}', ports: {{mysql: {}}}}}]\n",
            SOURCE.alias(),
            gateway.ip(),
            gateway.port()
        )
    }
}
