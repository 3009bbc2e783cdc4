//! What goes with which `resolution` of a ServiceEntry.

use std::net::IpAddr;

use ipnet::IpNet;

use super::edit::Edit;
use super::entry::{Entry, Text};
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;

pub(super) fn check(world: &World<'_>) {
    for entry in &world.entries {
        if let (Some(_), Some(endpoints)) =
            (entry.spec.get("workloadSelector"), entry.endpoints.first())
        {
            let message = "istiod refuses a workloadSelector beside endpoints";
            let fix = "take one of the two out";
            entry
                .item
                .refused(Code::SelectorAndEndpoints, endpoints.mark(), message, fix);
        }
        addresses(entry);
        match entry.resolution() {
            "NONE" => none(entry),
            "STATIC" => fixed(entry),
            "DNS" => dns(entry),
            "DNS_ROUND_ROBIN" => {
                dns(entry);
                round_robin(entry);
            }
            "DYNAMIC_DNS" => dynamic(entry),
            _ => {}
        }
    }
}

fn is_name(address: &Text<'_>) -> bool {
    address.text.parse::<IpAddr>().is_err() && !address.text.starts_with("unix://")
}

fn addresses(entry: &Entry<'_>) {
    for address in &entry.addresses {
        let (text, resolution) = (address.text, entry.resolution());
        let (ip, net) = (text.parse::<IpAddr>(), text.parse::<IpNet>());
        if ip.is_err() && net.is_err() {
            let message = format!(
                "istiod refuses the address {text:?}: it is neither an IP address nor a range"
            );
            let fix = "write an IP address";
            entry
                .item
                .refused(Code::EntryAddress, address.mark, message, fix);
        } else if ip.is_err() && !matches!(resolution, "NONE" | "STATIC") {
            let message = format!("istiod refuses the range {text} with resolution {resolution}");
            let fix = "write single addresses, or resolution: STATIC";
            entry
                .item
                .refused(Code::EntryAddress, address.mark, message, fix);
        }
    }
}

/// `NONE`, which is the default.
fn none(entry: &Entry<'_>) {
    let Some(first) = entry.endpoints.first() else {
        return;
    };
    let named = entry
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.address);
    let names = named.filter(is_name).count();
    let meant = match names {
        0 => Some("STATIC"),
        all if all == entry.endpoints.len() => Some("DNS"),
        _ => None,
    };
    let edit = meant.and_then(|meant| match entry.spec.get("resolution") {
        Some(node) => Edit::replace(entry.item, entry.spec, node, ["NONE", meant]),
        None => Edit::add(
            entry.item,
            entry.spec,
            "ports",
            &format!("resolution: {meant}"),
        ),
    });
    let message = "istiod refuses endpoints with resolution NONE, which is the default";
    let fix = format!(
        "write resolution: {}",
        meant.unwrap_or("STATIC for IP addresses, DNS for names")
    );
    let what = (Severity::Error, Code::EndpointsWithNone);
    let mark = match entry.spec.get("resolution") {
        Some(node) => node.mark,
        None => first.mark(),
    };
    entry.item.tell(what, mark, message, fix, edit);
}

/// `STATIC`
fn fixed(entry: &Entry<'_>) {
    let addresses: Vec<_> = entry.endpoints.iter().filter_map(|e| e.address).collect();
    let all_names = addresses.iter().all(is_name) && entry.endpoints.len() == addresses.len();
    for address in addresses.iter().filter(|address| is_name(address)) {
        let edit = entry
            .spec
            .get("resolution")
            .filter(|_| all_names)
            .and_then(|node| Edit::replace(entry.item, entry.spec, node, ["STATIC", "DNS"]));
        let message = format!(
            "istiod refuses the endpoint {:?} with resolution STATIC, which takes IP addresses and \
             unix:// only",
            address.text
        );
        let fix = "write resolution: DNS";
        let what = (Severity::Error, Code::StaticName);
        entry.item.tell(what, address.mark, message, fix, edit);
    }
}

/// Without endpoints the hosts themselves are looked up.
fn dns(entry: &Entry<'_>) {
    let wildcard = entry.hosts.iter().find(|host| host.text.starts_with('*'));
    if let (true, Some(host)) = (entry.endpoints.is_empty(), wildcard) {
        let message = format!(
            "istiod refuses {:?} with resolution {} and no endpoints: no wildcard can be looked up",
            host.text,
            entry.resolution()
        );
        let fix = "write the names, or list endpoints";
        entry
            .item
            .refused(Code::DnsWithoutName, host.mark, message, fix);
    }
    let socket = |endpoint: &Text<'_>| endpoint.text.starts_with("unix://");
    let addresses = entry
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.address);
    for address in addresses.filter(socket) {
        let message = "istiod refuses a Unix socket with resolution DNS";
        let fix = "write resolution: STATIC";
        entry
            .item
            .refused(Code::UnixEndpoint, address.mark, message, fix);
    }
}

fn round_robin(entry: &Entry<'_>) {
    if let Some(second) = entry.endpoints.get(1) {
        let message = "istiod refuses more than one endpoint with resolution DNS_ROUND_ROBIN";
        entry.item.refused(
            Code::RoundRobin,
            second.mark(),
            message,
            "write resolution: DNS",
        );
    }
}

fn dynamic(entry: &Entry<'_>) {
    let exact = entry.hosts.iter().find(|host| !host.text.starts_with('*'));
    let fix = "write resolution: DNS";
    let refuse = |mark, what: &str| {
        let message = format!("istiod refuses {what} with resolution DYNAMIC_DNS");
        entry.item.refused(Code::DynamicDns, mark, message, fix);
    };
    if let Some(host) = exact {
        refuse(host.mark, "a host that is no wildcard");
    }
    if let Some(address) = entry.addresses.first() {
        refuse(address.mark, "addresses");
    }
    if let Some(endpoint) = entry.endpoints.first() {
        refuse(endpoint.mark(), "endpoints");
    }
}
