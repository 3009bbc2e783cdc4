//! Addresses of aliases that lead somewhere else before a sidecar is asked.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::entry::{Entry, Text};
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;
use crate::manifest::Kind;
use crate::yaml::Node;

/// Ranges of services that installers choose unless told otherwise.
const USUAL: [(Ipv4Net, &str); 2] = [
    (
        Ipv4Net::new_assert(Ipv4Addr::new(10, 96, 0, 0), 12),
        "kubeadm",
    ),
    (Ipv4Net::new_assert(Ipv4Addr::new(10, 43, 0, 0), 16), "k3s"),
];

pub(super) fn check(world: &World<'_>) {
    let services = services(world);
    for entry in &world.entries {
        for address in &entry.addresses {
            let ip = address.text.parse::<IpAddr>();
            let ip = ip.or_else(|_| address.text.parse::<IpNet>().map(|net| net.addr()));
            if let Ok(ip) = ip {
                check_address(world, &services, entry, address, ip);
            }
        }
    }
}

fn check_address(
    world: &World<'_>,
    services: &HashMap<(usize, IpAddr), String>,
    entry: &Entry<'_>,
    address: &Text<'_>,
    ip: IpAddr,
) {
    let tell = |severity, code, message: String, fix: &str| {
        entry
            .item
            .tell((severity, code), address.mark, message, fix, None);
    };
    let other = "write one that nobody has, such as 240.240.0.0/16";
    let within = |ranges: &[IpNet]| ranges.iter().find(|range| range.contains(&ip)).copied();
    let options = world.options;
    if let Some(service) = services.get(&(entry.item.cluster, ip)) {
        let message =
            format!("{ip} is the address of the Service {service}, whose connections it takes");
        return tell(Severity::Error, Code::AddressInCluster, message, other);
    }
    let ranges = [
        (&options.pod_ranges, "pods"),
        (&options.service_ranges, "services"),
    ];
    for (ranges, whose) in ranges {
        if let Some(range) = within(ranges) {
            let message = format!(
                "{ip} is in the cluster's range of {whose} ({range}): it takes the connections of \
                 whatever gets this address"
            );
            return tell(Severity::Error, Code::AddressInCluster, message, other);
        }
    }
    let usual = USUAL
        .iter()
        .find(|(range, _)| matches!(ip, IpAddr::V4(v4) if range.contains(&v4)));
    if let (Some((range, whose)), true) = (usual, options.service_ranges.is_empty()) {
        let message =
            format!("{ip} is in {range}, from which {whose} takes the addresses of services");
        tell(
            Severity::Note,
            Code::AddressInCluster,
            message,
            "say what is so with --service-cidr",
        );
    }
    if ip.is_loopback() {
        let message = format!(
            "{ip} is a loopback address: the client's sidecar never sees connections to it, and the \
             app reaches its own pod"
        );
        tell(Severity::Warning, Code::NotCaptured, message, other);
    }
}

/// Addresses that Services of these files have.
fn services(world: &World<'_>) -> HashMap<(usize, IpAddr), String> {
    let address = |spec: &Node| spec.get("clusterIP")?.text()?.parse().ok();
    world
        .of_kind(Kind::Service)
        .filter_map(|(item, spec)| Some(((item.cluster, address(spec)?), item.object.full_name())))
        .collect()
}
