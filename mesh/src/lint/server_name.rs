//! Whether the gateway of the other cluster knows the server name that a client sends.
//!
//! The client's sidecar makes it from the ServiceEntry's host, or takes `tls.sni` of a
//! DestinationRule (`cluster_builder.go`).

use std::collections::HashMap;
use std::num::NonZeroU16;

use super::entry::{Entry, Port};
use super::pod_service::{POD_NAME, PodService};
use super::registry::{Pod, Registry};
use super::world::World;
use crate::alias;
use crate::code::Code;
use crate::finding::Severity;
use crate::hostname::Hostname;
use crate::sni::ServerName;

pub(super) fn check(world: &World<'_>) {
    let known = Registry::of(world);
    let mut ports: HashMap<Hostname, Vec<&Port<'_>>> = HashMap::new();
    let east_west = || world.entries.iter().filter(|entry| entry.is_east_west());
    for entry in east_west() {
        for (host, _) in entry.names() {
            ports.entry(host).or_default().extend(&entry.ports);
        }
    }
    for entry in east_west() {
        check_entry(world, &known, &ports, entry);
    }
}

fn check_entry(
    world: &World<'_>,
    known: &Registry,
    ports: &HashMap<Hostname, Vec<&Port<'_>>>,
    entry: &Entry<'_>,
) {
    let (domain, client) = (&world.options.cluster_domain, entry.item.cluster);
    for (host, mark) in entry.names() {
        let rule = world.rules.find(client, &host);
        let sni = rule.and_then(|rule| Some((rule.item, rule.tls?.get("sni")?)));
        let sent = sni.and_then(|(_, node)| ServerName::parse(node.text()?).ok());
        let renamed = sent.as_ref().map(|name| name.host.clone());
        let name = renamed.as_ref().unwrap_or(&host);
        if known.knows(name, client) {
            continue;
        }
        let pod = pod_of(name, domain).or_else(|| pod_of(&host, domain));
        let (item, mark) = match sni.filter(|_| renamed.is_some()) {
            Some((item, node)) => (item, node.mark),
            None => (entry.item, mark),
        };
        let lonely = pod.as_ref().filter(|pod| !known.has_service(pod, client));
        let ports = ports
            .get(name)
            .filter(|ports| is_whole(sent.as_ref(), ports));
        let service = lonely.and_then(|pod| service(name, pod, ports?, domain));
        let added = service.clone();
        let addition = added.and_then(|service| known.addition(name, service, client));
        // A name of the convention is nobody's service by chance; another may be one of a cluster
        // whose files are not here.
        let severity = match known.has_exports() || pod.is_some() {
            true => Severity::Error,
            false => Severity::Note,
        };
        item.tell_of_missing(
            (severity, Code::UnknownServerName),
            mark,
            unknown(name),
            "in the cluster of the gateway, add a Service of this name; if there is one, give its \
             file too",
            addition.clone(),
        );
        if let Some(pod) = lonely {
            let what = (Severity::Error, Code::NoServiceOfItsOwn);
            let fix = match service {
                Some(service) => format!("in the cluster of the gateway, add {}", service.line()),
                None => select(entry, pod),
            };
            item.tell_of_missing(what, mark, no_service(&pod.0), fix, addition);
        }
    }
}

fn unknown(name: &Hostname) -> String {
    format!(
        "the client sends the server name {name}, and nothing in these files makes the other \
         cluster's gateway know it: the connection is reset (istio#45173)"
    )
}

fn no_service(pod: &str) -> String {
    format!(
        "the pod {pod} of a StatefulSet has no Service of its own: an east-west gateway balances \
         over all pods of a Service, and none can be reached alone (istio#38327)"
    )
}

fn select(entry: &Entry<'_>, (pod, namespace): &Pod) -> String {
    let ports = entry.ports.iter().filter_map(|port| port.number);
    let ports: Vec<_> = ports.map(|port| port.to_string()).collect();
    format!(
        "in the cluster of the pod, add a Service in namespace {namespace} with selector \
         {{{POD_NAME}: {pod}}} and port {}",
        ports.join(", ")
    )
}

/// The pod and namespace of an alias of the convention, or of the pod's own name.
fn pod_of(name: &Hostname, domain: &Hostname) -> Option<Pod> {
    let own = alias::remote_host(name, domain);
    let own = own.as_ref().unwrap_or(name);
    alias::alias_host(own, domain)?;
    let pod = own.labels().next()?.to_owned();
    Some((pod, own.namespace(domain)?.to_owned()))
}

/// Whether a rule sends no more than Istio would by itself: a subset, or another port, is more than
/// a Service alone makes the gateway know.
fn is_whole(sent: Option<&ServerName>, ports: &[&Port<'_>]) -> bool {
    sent.is_none_or(|sent| {
        let numbers = ports
            .iter()
            .filter_map(|port| NonZeroU16::new(port.number?));
        let mut whole = numbers.filter_map(|port| ServerName::istio(&sent.host, port).ok());
        whole.any(|name| name.text.eq_ignore_ascii_case(&sent.text))
    })
}

/// The Service that has the name which is sent: that of an alias by convention. A pod's own name is
/// none that a Service can have.
fn service(
    name: &Hostname,
    (pod, namespace): &Pod,
    ports: &[&Port<'_>],
    domain: &Hostname,
) -> Option<PodService> {
    alias::remote_host(name, domain)?;
    PodService::new(name.labels().next()?, namespace, pod, ports)
}
