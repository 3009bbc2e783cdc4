//! Whether the gateway of the other cluster knows the server name that a client sends.
//!
//! The client's sidecar makes it from the ServiceEntry's host, or takes `tls.sni` of a
//! DestinationRule (`cluster_builder.go`).

use std::collections::HashMap;
use std::num::NonZeroU16;

use super::chains::{self, Asked};
use super::entry::{Entry, Port, Transport};
use super::pod_service::{POD_NAME, PodService};
use super::registry::{Pod, Registry};
use super::world::World;
use crate::alias;
use crate::code::Code;
use crate::finding::Severity;
use crate::hostname::Hostname;
use crate::kinds::gateway::EAST_WEST_PORT;
use crate::object::REMOTE_HOST;
use crate::sni::ServerName;
use crate::yaml::Mark;

/// Nobody sees the other cluster's registry.
const UNSEEN: &str = "no file of another cluster is among these";

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
        for alias in entry.names() {
            check_alias(world, &known, &ports, entry, alias);
        }
    }
}

fn check_alias(
    world: &World<'_>,
    known: &Registry<'_>,
    ports: &HashMap<Hostname, Vec<&Port<'_>>>,
    entry: &Entry<'_>,
    (host, mark): (Hostname, Mark),
) {
    let (domain, client) = (&world.options.cluster_domain, entry.item.cluster);
    let rule = world.rules.find(client, &host);
    let sni = rule.and_then(|rule| Some((rule.item, rule.tls?.get("sni")?)));
    let sent = sni.and_then(|(_, node)| ServerName::parse(node.text()?).ok());
    let renamed = sent.as_ref().map(|name| name.host.clone());
    let name = renamed.as_ref().unwrap_or(&host);
    let pod = pod_of(name, domain).or_else(|| pod_of(&host, domain));
    let (item, mark) = match sni.filter(|_| renamed.is_some()) {
        Some((item, node)) => (item, node.mark),
        None => (entry.item, mark),
    };
    let names = names(&host, sent.as_ref(), entry);
    let services = known.known(name, client);
    if !services.is_empty() {
        let meant = told_pod(entry).filter(|_| renamed.is_none());
        let meant = meant.or_else(|| Some(pod_of(name, domain)?.0));
        let asked = Asked {
            item,
            mark,
            host: name,
            names: &names,
            pod: meant.as_deref(),
            dialled: &dialled(entry),
        };
        return chains::check(known, &asked, &services);
    }
    let lonely = pod.as_ref().filter(|pod| !known.has_service(pod, client));
    let ports = ports
        .get(name)
        .filter(|ports| is_whole(sent.as_ref(), ports));
    let service = lonely.and_then(|pod| service(name, pod, ports?, domain));
    let added = service.clone();
    let addition = added.and_then(|service| known.addition(name, service, client));
    let has_other = known.has_other(client);
    // A name of the convention is nobody's service by chance; another may be one of a cluster
    // whose files are not here.
    let severity = match (has_other, pod.is_some()) {
        (true, true) => Severity::Error,
        (true, false) if known.has_exports() => Severity::Error,
        (false, true) => Severity::Warning,
        (_, false) => Severity::Note,
    };
    let written = match names.as_slice() {
        [] => sent
            .as_ref()
            .map_or_else(|| name.to_string(), |sent| sent.text.clone()),
        [(_, first), ..] => first.clone(),
    };
    item.tell_of_missing(
        (severity, Code::UnknownServerName),
        mark,
        unknown(&written, has_other),
        "in the cluster of the gateway, add a Service of this name; if there is one, give its \
         file too",
        addition.clone(),
    );
    if let Some(pod) = lonely {
        let severity = match has_other {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let fix = match service {
            Some(service) => format!("in the cluster of the gateway, add {}", service.line()),
            None => select(entry, pod),
        };
        let what = (severity, Code::NoServiceOfItsOwn);
        item.tell_of_missing(what, mark, no_service(&pod.0, has_other), fix, addition);
    }
}

/// The server names in Istio's form that go to the gateway, and the port in each.
fn names(
    host: &Hostname,
    sent: Option<&ServerName>,
    entry: &Entry<'_>,
) -> Vec<(NonZeroU16, String)> {
    if let Some(sent) = sent {
        let port = sent.port.map(|port| (port, sent.text.clone()));
        return port.into_iter().collect();
    }
    let through = |port: &&Port<'_>| {
        let mut endpoints = entry.endpoints.iter();
        port.transport != Transport::Udp
            && endpoints.any(|endpoint| {
                endpoint.mapped(port).is_some() || endpoint.dialled(port) == Some(EAST_WEST_PORT)
            })
    };
    let numbers = entry.ports.iter().filter(through);
    let numbers = numbers.filter_map(|port| NonZeroU16::new(port.number?));
    let name = |port| Some((port, ServerName::istio(host, port).ok()?.text));
    numbers.filter_map(name).collect()
}

/// Where the endpoints are dialled.
fn dialled(entry: &Entry<'_>) -> Vec<u16> {
    let endpoints = entry.endpoints.iter();
    let ports = endpoints.flat_map(|endpoint| {
        let ports = entry.ports.iter();
        ports.filter_map(|port| endpoint.dialled(port))
    });
    ports.collect()
}

/// The pod that the alias's own annotation names.
fn told_pod(entry: &Entry<'_>) -> Option<String> {
    let told = entry.item.object.annotation(REMOTE_HOST)?.node.text()?;
    let host: Hostname = told.parse().ok()?;
    host.labels().next().map(str::to_owned)
}

fn unknown(name: &str, has_other: bool) -> String {
    let known = match has_other {
        true => "nothing in these files makes the other cluster's gateway know it",
        false => UNSEEN,
    };
    format!(
        "the client sends the server name {name}, and {known}: a gateway that does not know it \
         accepts the connection and closes it without a byte (istio#45173)"
    )
}

fn no_service(pod: &str, has_other: bool) -> String {
    let lacks = match has_other {
        true => "has no Service of its own".to_owned(),
        false => format!("needs a Service of its own, and {UNSEEN}"),
    };
    format!(
        "the pod {pod} of a StatefulSet {lacks}: an east-west gateway balances over all pods of a \
         Service, and none can be reached alone (istio#38327)"
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
