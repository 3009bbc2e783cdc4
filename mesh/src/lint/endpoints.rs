//! Endpoints of a ServiceEntry that istiod or the API server refuses.

use std::net::IpAddr;

use super::dns_names::wrong_with;
use super::entry::{Endpoint, Entry, Text};
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;
use crate::yaml::Node;

/// What a Unix socket's address begins with.
const UNIX: &str = "unix://";

pub(super) fn check(world: &World<'_>) {
    for entry in &world.entries {
        for endpoint in &entry.endpoints {
            match &endpoint.address {
                Some(address) if address.text.starts_with(UNIX) => unix(entry, endpoint, address),
                Some(address) if !address.text.is_empty() => name(entry, address),
                _ => missing(entry, endpoint),
            }
            keys(entry, endpoint);
        }
    }
}

fn missing(entry: &Entry<'_>, endpoint: &Endpoint<'_>) {
    let network = endpoint.node.get("network").and_then(Node::text);
    match network.filter(|network| !network.is_empty()) {
        Some(network) => {
            let what = (Severity::Warning, Code::EndpointAddress);
            let message = format!(
                "the endpoint has no address, so the client's sidecar dials the gateways that istiod \
                 knows of network {network:?}, and nothing if it knows none"
            );
            let fix = "write the address, or see that meshNetworks has the network";
            entry.item.tell(what, endpoint.mark(), message, fix, None);
        }
        None => {
            let message = "istiod refuses an endpoint with neither an address nor a network";
            let fix = "add address: with the gateway's IP address";
            entry
                .item
                .refused(Code::EndpointAddress, endpoint.mark(), message, fix);
        }
    }
}

fn unix(entry: &Entry<'_>, endpoint: &Endpoint<'_>, address: &Text<'_>) {
    let path = address.text.strip_prefix(UNIX).unwrap_or_default();
    let why = if !path.starts_with(['/', '@']) || path.ends_with('/') {
        "its path is not that of a socket: it begins with / or @, and is no directory"
    } else if endpoint.node.get("ports").is_some() {
        "a Unix socket has no ports"
    } else if entry.ports.len() != 1 {
        "the ServiceEntry must have exactly one port"
    } else {
        return;
    };
    let message = format!("istiod refuses the endpoint {:?}: {why}", address.text);
    let fix = "write one port, and none under the endpoint";
    entry
        .item
        .refused(Code::UnixEndpoint, address.mark, message, fix);
}

fn name(entry: &Entry<'_>, address: &Text<'_>) {
    if address.text.parse::<IpAddr>().is_ok() || address.text.contains('*') {
        return;
    }
    if let (Some(why), "DNS" | "DNS_ROUND_ROBIN") = (wrong_with(address.text), entry.resolution()) {
        let message = format!("istiod refuses the endpoint {:?}: {why}", address.text);
        let fix = "write an IP address or a DNS name";
        entry
            .item
            .refused(Code::EndpointAddress, address.mark, message, fix);
    }
}

fn keys(entry: &Entry<'_>, endpoint: &Endpoint<'_>) {
    let names: Vec<_> = entry.ports.iter().map(|port| port.name).collect();
    for given in endpoint.node.get("ports").map_or(&[][..], Node::entries) {
        if names.contains(&given.key.as_str()) {
            continue;
        }
        let message = format!(
            "the endpoint's port {:?} names no port of this ServiceEntry; its ports are named {}",
            given.key,
            names.join(", ")
        );
        let fix = match names.as_slice() {
            [only] => format!("write {only}"),
            _ => "write one of these names".to_owned(),
        };
        entry
            .item
            .refused(Code::EndpointPort, given.mark, message, fix);
    }
}
