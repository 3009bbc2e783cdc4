//! ServiceEntry: an alias, its port, and the gateways that lead to it.
//!
//! Fields and their rules: istio/api `networking/v1alpha3/service_entry.proto` and
//! `pkg/config/validation/validation.go` of istio/istio.

use std::net::{IpAddr, Ipv4Addr};

use crate::fields::{Field, Fields};
use crate::finding::{Located, Origin};
use crate::hostname::{Hostname, HostnameError};
use crate::object::{Object, REMOTE_HOST};
use crate::report::Report;
use crate::spiffe::SpiffePattern;
use crate::yaml::{Node, Value};

mod endpoint;
mod port;

pub(crate) use endpoint::Endpoint;
pub(crate) use port::{Port, PortKind};

/// A ServiceEntry as far as it could be read.
#[derive(Clone, Debug)]
pub(crate) struct ServiceEntry {
    pub(crate) namespace: String,
    pub(crate) origin: Origin,
    pub(crate) hosts: Vec<Located<Hostname>>,
    pub(crate) wildcards: Vec<Located<String>>,
    pub(crate) addresses: Vec<Located<IpAddr>>,
    pub(crate) allocated: Vec<Allocated>,
    pub(crate) ports: Vec<Port>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) identities: Vec<Located<SpiffePattern>>,
    pub(crate) remote_host: Option<Located<Hostname>>,
    pub(crate) resolution: Resolution,
}

/// `status.addresses[]`, written by Istio's own allocator.
#[derive(Clone, Debug)]
pub(crate) struct Allocated {
    pub(crate) host: Option<Hostname>,
    pub(crate) address: Located<IpAddr>,
}

/// `resolution`. Endpoints are dialled as they are written in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    None,
    Static,
    Dns,
}

pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> ServiceEntry {
    let mut spec = object.spec(report);
    let (hosts, wildcards) = hosts(&mut spec, report);
    let addresses = addresses(&mut spec, report);
    let ports = port::read_all(&mut spec, report);
    let resolution = resolution(&mut spec);
    let endpoints = endpoint::read_all(&mut spec, &ports, report);
    let identities = identities(&mut spec, report);
    location(&mut spec);
    spec.harmless(&["exportTo"]);
    spec.refuse(
        &["workloadSelector"],
        "this side sees no pods of its own to select; list the gateways under endpoints",
    );
    spec.finish();
    object.check_annotations(&[REMOTE_HOST], report);
    ServiceEntry {
        namespace: object.namespace.to_owned(),
        origin: report.origin(object.mark),
        hosts,
        wildcards,
        addresses,
        allocated: allocated(object, report),
        ports,
        endpoints,
        identities,
        remote_host: remote_host(object, report),
        resolution,
    }
}

type Hosts = (Vec<Located<Hostname>>, Vec<Located<String>>);

fn hosts(spec: &mut Fields<'_>, report: &Report) -> Hosts {
    let (mut exact, mut wildcards) = (Vec::new(), Vec::new());
    let items = spec.list("hosts");
    if items.is_empty() {
        report.error(spec.mark(), "spec.hosts needs at least one name");
    }
    for item in items {
        let Some(text) = item.text() else { continue };
        match text.value.parse::<Hostname>() {
            Ok(host) => exact.push(report.locate(item.key, host)),
            Err(HostnameError::Wildcard) => {
                wildcards.push(report.locate(item.key, text.value.to_owned()));
            }
            Err(reason) => report.error(item.key, no_name(&item, text.value, &reason)),
        }
    }
    (exact, wildcards)
}

fn no_name(field: &Field<'_>, text: &str, reason: &HostnameError) -> String {
    format!("{} {text:?} is no DNS name: {reason}", field.path)
}

/// An address, or a range of just one.
fn addresses(spec: &mut Fields<'_>, report: &Report) -> Vec<Located<IpAddr>> {
    let mut found = Vec::new();
    for item in spec.list("addresses") {
        let Some(text) = item.text() else { continue };
        match single_address(text.value) {
            Ok(address) => found.push(report.locate(item.key, address)),
            Err(why) => {
                let (path, text) = (&item.path, text.value);
                let fix = "write one IP address, or take addresses out to have one computed";
                report.error_with_fix(item.key, format!("{path} {text:?} {why}"), fix);
            }
        }
    }
    found
}

fn single_address(text: &str) -> Result<IpAddr, &'static str> {
    let address = match (text.parse::<IpAddr>(), text.parse::<ipnet::IpNet>()) {
        (Ok(address), _) => address,
        (_, Ok(net)) if net.prefix_len() == net.max_prefix_len() => net.addr(),
        (_, Ok(_)) => return Err("is a range of addresses, and an alias has single addresses"),
        (Err(_), Err(_)) => return Err("is no IP address"),
    };
    if address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST {
        return Err("is no address of a single host");
    }
    Ok(address)
}

fn allocated(object: &Object<'_>, report: &Report) -> Vec<Allocated> {
    let status = object
        .root
        .get("status")
        .and_then(|status| status.get("addresses"));
    let items = match status.map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    // Written by a controller, not by a person: what is no address is passed over.
    let read = |item: &Node| {
        let value = item.get("value")?;
        let address = report.locate(value.mark, value.text()?.parse().ok()?);
        let host = item.get("host").and_then(Node::text).map(str::parse);
        Some(Allocated {
            host: host.transpose().ok()?,
            address,
        })
    };
    items.iter().filter_map(read).collect()
}

fn resolution(spec: &mut Fields<'_>) -> Resolution {
    let Some(field) = spec.get("resolution") else {
        return Resolution::None;
    };
    match field.node.text() {
        Some("NONE") => Resolution::None,
        Some("STATIC") => Resolution::Static,
        Some("DNS" | "DNS_ROUND_ROBIN" | "DYNAMIC_DNS") => Resolution::Dns,
        _ => field
            .wrong("NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS")
            .unwrap_or(Resolution::None),
    }
}

fn location(spec: &mut Fields<'_>) {
    let Some(field) = spec.get("location") else {
        return;
    };
    if !matches!(field.node.text(), Some("MESH_EXTERNAL" | "MESH_INTERNAL")) {
        let _: Option<()> = field.wrong("MESH_EXTERNAL or MESH_INTERNAL");
    }
}

/// `subjectAltNames` of a ServiceEntry or DestinationRule: who the far end may be.
pub(crate) fn identities(spec: &mut Fields<'_>, report: &Report) -> Vec<Located<SpiffePattern>> {
    let mut found = Vec::new();
    for item in spec.list("subjectAltNames") {
        let Some(text) = item.text() else { continue };
        match text.value.parse::<SpiffePattern>() {
            Ok(pattern) => {
                if pattern.has_wildcard() {
                    report.warning(
                        item.key,
                        format!(
                            "{} has a '*'; Istio takes it literally and would let nobody in",
                            item.path
                        ),
                    );
                }
                found.push(report.locate(item.key, pattern));
            }
            Err(reason) => report.error_with_fix(
                item.key,
                format!(
                    "{} {:?} is no identity that a certificate of the mesh can prove: {reason}",
                    item.path, text.value
                ),
                "write spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
            ),
        }
    }
    found
}

fn remote_host(object: &Object<'_>, report: &Report) -> Option<Located<Hostname>> {
    let text = object.annotation(REMOTE_HOST)?;
    let mark = text.origin.mark();
    match text.value.parse() {
        Ok(host) => Some(report.locate(mark, host)),
        Err(reason) => {
            let message = format!("{REMOTE_HOST} {:?} is no DNS name: {reason}", text.value);
            report.error(mark, message);
            None
        }
    }
}
