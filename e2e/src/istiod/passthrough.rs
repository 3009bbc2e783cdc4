//! What an east-west gateway lets pass (`builtAutoPassthroughFilterChains`, `gateway.go`).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::kinds::{Gateway, Service, ServicePort, TargetPort};
use super::objects::Named;
use super::{DOMAIN, Objects, Pod, Unsupported};

/// The port of east-west gateways.
const EAST_WEST: u16 = 15443;

/// One port of one service.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The server name that stands for it.
    pub sni: String,
    /// The pods behind it, at the port that is dialled.
    pub pods: Vec<SocketAddr>,
}

/// The services of a cluster, as far as Gateways for a gateway with these labels export them. Names
/// come from the gateway's own registry alone.
///
/// # Errors
/// Where something is not emulated.
pub fn passed(
    objects: &Objects,
    gateway: &BTreeMap<String, String>,
    pods: &[Pod],
) -> Result<Vec<Passed>, Unsupported> {
    if let Some(entry) = objects.service_entries.first() {
        let name = &entry.name;
        return Err(Unsupported::new(format!(
            "ServiceEntry {name} at a gateway"
        )));
    }
    let mut hosts = Vec::new();
    for Named { spec, .. } in &objects.gateways {
        hosts.extend(exported(spec, gateway)?);
    }
    let mut passed = Vec::new();
    for service in &objects.services {
        let host = format!("{}.{}.svc.{DOMAIN}", service.name, service.namespace);
        if hosts.iter().any(|pattern| matches(pattern, &host)) {
            passed.extend(service.spec.ports.iter().map(|port| Passed {
                sni: format!("outbound_.{}_._.{host}", port.port),
                pods: behind(service, port, pods),
            }));
        }
    }
    Ok(passed)
}

/// The hosts of a Gateway that is for this gateway.
fn exported<'a>(
    spec: &'a Gateway,
    gateway: &BTreeMap<String, String>,
) -> Result<Vec<&'a str>, Unsupported> {
    let has = |(key, value)| gateway.get(key) == Some(value);
    if !spec.selector.iter().all(has) {
        return Ok(Vec::new());
    }
    let mut hosts = Vec::new();
    for server in &spec.servers {
        if server.port.number != EAST_WEST {
            let port = server.port.number;
            return Err(Unsupported::new(format!("a gateway on port {port}")));
        }
        hosts.extend(server.hosts.iter().map(String::as_str));
    }
    match hosts.iter().find(|host| host.contains('/')) {
        Some(host) => Err(Unsupported::new(format!("the host {host}"))),
        None => Ok(hosts),
    }
}

/// `SubsetOf`, `pkg/config/host/name.go`.
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => host == pattern,
    }
}

fn behind(service: &Named<Service>, port: &ServicePort, pods: &[Pod]) -> Vec<SocketAddr> {
    let selected = pods.iter().filter(|pod| {
        pod.speaks_tls() && pod.is_selected(&service.namespace, &service.spec.selector)
    });
    let address = |pod: &Pod| Some(SocketAddr::new(pod.ip, port.target(pod)?));
    selected.filter_map(address).collect()
}

impl ServicePort {
    /// The port of a pod that is meant; a name is one of its containers' ports.
    pub(super) fn target(&self, pod: &Pod) -> Option<u16> {
        match &self.target_port {
            None => Some(self.port),
            Some(TargetPort::Number(number)) => Some(*number),
            Some(TargetPort::Name(name)) => {
                let mut ports = pod.ports.iter();
                ports
                    .find(|(port, _)| port == name)
                    .map(|(_, number)| *number)
            }
        }
    }
}
