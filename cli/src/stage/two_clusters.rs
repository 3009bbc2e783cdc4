//! The standard stage: cluster A with the source, cluster B with the replica, a WAN between them.
//!
//! ```text
//! cluster A, pods-a 10.71.0.0/24          wan 172.21.0.0/16        cluster B, pods-b 10.72.0.0/24
//! a-dns     .53    hello-0 .10                                         b-dns .53
//! db-pxc-0  .20    hello-1 .11   gateway .3 == .0.3     .0.20 == b-node .1   b-app .10
//! secret-0  .30    hello-2 .12                                         b-db  .20
//! ```
//!
//! The gateway forwards nothing and the WAN knows no way to 10.71.0.0/24, so that from cluster B
//! nothing of cluster A can be reached but the gateway itself.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::plan::{HostPlan, StagePlan};
use super::resolv_conf::ResolvConf;

const WAN: &str = "wan";
const PODS_A: &str = "pods-a";
const PODS_B: &str = "pods-b";
const DOMAIN: &str = "cluster.local";

const DNS_A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 71, 0, 53));
const DNS_B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 72, 0, 53));
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NODE_B_INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 72, 0, 1));
const NODE_B_OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 21, 0, 20));

const ANYWHERE: IpNet = IpNet::new_assert(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
const NET_B: IpNet = IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 72, 0, 0)), 24);

/// The two clusters of the demo and of the end-to-end tests.
///
/// The pods `b-app` and `b-db` ask the nameserver 127.0.0.1, where the resolver listens;
/// all others ask their cluster's DNS server.
#[must_use]
pub fn two_clusters() -> StagePlan {
    StagePlan::new()
        .network(PODS_A)
        .network(WAN)
        .network(PODS_B)
        .host(pod_a("a-dns", 53, "kube-system"))
        .host(pod_a("hello-0", 10, "demo"))
        .host(pod_a("hello-1", 11, "demo"))
        .host(pod_a("hello-2", 12, "demo"))
        .host(pod_a("db-pxc-0", 20, "pxc"))
        .host(pod_a("secret-0", 30, "demo"))
        .host(
            pod_a("gateway", 3, "istio-system")
                .on(WAN, wan(0, 3))
                .route(NET_B, NODE_B_OUTSIDE),
        )
        .host(
            HostPlan::new("b-node")
                .on(WAN, wan(0, 20))
                .on(PODS_B, in_b(1))
                .forwarding()
                .resolves_by(ResolvConf::of_pod(DNS_B, "default", DOMAIN)),
        )
        .host(pod_b("b-dns", 53, DNS_B, "kube-system"))
        .host(pod_b("b-app", 10, LOOPBACK, "demo"))
        .host(pod_b("b-db", 20, LOOPBACK, "pxc"))
}

fn pod_a(name: &str, last: u8, namespace: &str) -> HostPlan {
    HostPlan::new(name)
        .on(PODS_A, in_a(last))
        .resolves_by(ResolvConf::of_pod(DNS_A, namespace, DOMAIN))
}

fn pod_b(name: &str, last: u8, nameserver: IpAddr, namespace: &str) -> HostPlan {
    let conf = ResolvConf::of_pod(nameserver, namespace, DOMAIN);
    HostPlan::new(name)
        .on(PODS_B, in_b(last))
        .route(ANYWHERE, NODE_B_INSIDE)
        .resolves_by(match nameserver.is_loopback() {
            true => conf.asking_again_soon(),
            false => conf,
        })
}

const fn in_a(last: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 71, 0, last)), 24)
}

const fn in_b(last: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 72, 0, last)), 24)
}

const fn wan(third: u8, last: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(172, 21, third, last)), 16)
}

#[cfg(test)]
mod tests {
    use super::super::plan::Forwarding;
    use super::two_clusters;

    #[test]
    fn the_plan_has_no_mistake() {
        assert_eq!(two_clusters().check(), Ok(()));
    }

    #[test]
    fn whoever_has_the_name_server_beside_it_asks_again_soon() {
        let plan = two_clusters();
        let soon = plan.hosts.iter().filter(|host| {
            let options = &host.resolv_conf.options;
            options.iter().any(|option| option == "timeout:1")
        });
        let soon: Vec<&str> = soon.map(|host| host.name.as_str()).collect();
        assert_eq!(soon, ["b-app", "b-db"]);
    }

    #[test]
    fn no_host_of_cluster_a_forwards_or_leads_in() {
        let plan = two_clusters();
        let routers: Vec<&str> = plan
            .hosts
            .iter()
            .filter(|host| host.forwarding == Forwarding::On)
            .map(|host| host.name.as_str())
            .collect();
        assert_eq!(routers, ["b-node"]);
    }
}
