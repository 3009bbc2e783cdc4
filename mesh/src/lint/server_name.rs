//! Whether the gateway of the other cluster knows the server name that a client sends.
//!
//! The client's sidecar makes it from the ServiceEntry's host, or takes `tls.sni` of a
//! DestinationRule (`cluster_builder.go`). The gateway has a filter chain for each service of its own
//! registry and for nothing else (`gateway.go`, builtAutoPassthroughFilterChains).

use std::collections::{HashMap, HashSet};

use super::entry::{Entry, texts};
use super::world::{Item, World};
use crate::alias;
use crate::code::Code;
use crate::finding::Severity;
use crate::hostname::Hostname;
use crate::manifest::Kind;
use crate::sni::ServerName;
use crate::yaml::{Mark, Node};

/// What Kubernetes labels each pod of a StatefulSet with.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

pub(super) fn check(world: &World<'_>) {
    let known = Known::of(world);
    for entry in world.entries.iter().filter(|entry| entry.is_east_west()) {
        for (host, mark) in entry.names() {
            check_host(world, &known, entry, &host, mark);
        }
    }
}

fn check_host(world: &World<'_>, known: &Known, entry: &Entry<'_>, host: &Hostname, mark: Mark) {
    let domain = &world.options.cluster_domain;
    let rule = world.rules.find(entry.item.cluster, host);
    let sni = rule.and_then(|rule| Some((rule.item, rule.tls?.get("sni")?)));
    let sent = sni.and_then(|(_, node)| ServerName::parse(node.text()?).ok());
    let renamed = sent.as_ref().map(|name| name.host.clone());
    let name = renamed.as_ref().unwrap_or(host);
    if known.knows(name, entry.item.cluster) {
        return;
    }
    let pod = pod_of(name, domain).or_else(|| pod_of(host, domain));
    let (item, mark) = match sni.filter(|_| renamed.is_some()) {
        Some((item, node)) => (item, node.mark),
        None => (entry.item, mark),
    };
    unknown(item, mark, name, known, pod.is_some());
    if let Some((pod, namespace)) = pod
        && !known.has_service(&pod, &namespace, entry.item.cluster)
    {
        no_service(entry, item, mark, &pod, &namespace);
    }
}

fn unknown(item: &Item<'_>, mark: Mark, name: &Hostname, known: &Known, stands_for_a_pod: bool) {
    // A name of the convention is nobody's service by chance; another may be one of a cluster
    // whose files are not here.
    let severity = match !known.exporters.is_empty() || stands_for_a_pod {
        true => Severity::Error,
        false => Severity::Note,
    };
    let message = format!(
        "the client sends the server name {name}, and nothing in these files makes the other \
         cluster's gateway know it: the connection is reset (istio#45173)"
    );
    let fix = "in the cluster of the gateway, add a Service of this name; if there is one, give its \
               file too";
    item.tell(
        (severity, Code::UnknownServerName),
        mark,
        message,
        fix,
        None,
    );
}

fn no_service(entry: &Entry<'_>, item: &Item<'_>, mark: Mark, pod: &str, namespace: &str) {
    let ports: Vec<_> = entry.ports.iter().filter_map(|port| port.number).collect();
    let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
    let message = format!(
        "the pod {pod} of a StatefulSet has no Service of its own: an east-west gateway balances \
         over all pods of a Service, and none can be reached alone (istio#38327)"
    );
    let fix = format!(
        "in the cluster of the pod, add a Service in namespace {namespace} with selector \
         {{{POD_NAME}: {pod}}} and port {}",
        ports.join(", ")
    );
    item.tell(
        (Severity::Error, Code::NoServiceOfItsOwn),
        mark,
        message,
        fix,
        None,
    );
}

/// The pod and namespace of an alias of the convention, or of the pod's own name.
fn pod_of(name: &Hostname, domain: &Hostname) -> Option<(String, String)> {
    let own = alias::remote_host(name, domain);
    let own = own.as_ref().unwrap_or(name);
    alias::alias_host(own, domain)?;
    let pod = own.labels().next()?.to_owned();
    Some((pod, own.namespace(domain)?.to_owned()))
}

/// What the clusters' gateways know, and in which cluster it is.
#[derive(Default)]
struct Known {
    hosts: HashMap<Hostname, HashSet<usize>>,
    /// Pods with a Service or ServiceEntry of their own, each with its namespace.
    pods: HashMap<(String, String), HashSet<usize>>,
    /// Clusters with a Gateway that exports something.
    exporters: HashSet<usize>,
}

impl Known {
    fn of(world: &World<'_>) -> Self {
        let domain = &world.options.cluster_domain;
        let mut known = Self::default();
        for (item, spec) in world.of_kind(Kind::Gateway) {
            if passes_through(spec) {
                known.exporters.insert(item.cluster);
            }
        }
        for (item, spec) in world.of_kind(Kind::Service) {
            let (name, namespace) = (item.object.name, item.object.namespace());
            if let Ok(host) = format!("{name}.{namespace}.svc.{domain}").parse() {
                known.hosts.entry(host).or_default().insert(item.cluster);
            }
            known.add_pod(spec.get("selector"), item);
        }
        for entry in world.entries.iter().filter(|entry| !entry.is_east_west()) {
            for (host, _) in entry.names() {
                let clusters = known.hosts.entry(host).or_default();
                clusters.insert(entry.item.cluster);
            }
            let labels = entry.spec.at(&["workloadSelector", "labels"]);
            known.add_pod(labels, entry.item);
        }
        known
    }

    fn add_pod(&mut self, selector: Option<&Node>, item: &Item<'_>) {
        if let Some(pod) = selector.and_then(|labels| labels.get(POD_NAME)?.text()) {
            let key = (pod.to_owned(), item.object.namespace().to_owned());
            self.pods.entry(key).or_default().insert(item.cluster);
        }
    }

    fn knows(&self, host: &Hostname, client: usize) -> bool {
        let clusters = self.hosts.get(host);
        clusters.is_some_and(|clusters| self.is_far(clusters, client))
    }

    fn has_service(&self, pod: &str, namespace: &str, client: usize) -> bool {
        let clusters = self.pods.get(&(pod.to_owned(), namespace.to_owned()));
        clusters.is_some_and(|clusters| self.is_far(clusters, client))
    }

    /// Whether one of the clusters is another than the client's, or the only one that can be meant:
    /// both clusters' files may lie in one folder.
    fn is_far(&self, clusters: &HashSet<usize>, client: usize) -> bool {
        let one_folder = self.exporters.iter().all(|&exporter| exporter == client);
        clusters
            .iter()
            .any(|&cluster| cluster != client || one_folder)
    }
}

fn passes_through(gateway: &Node) -> bool {
    let servers = gateway.get("servers").map_or(&[][..], Node::items);
    servers.iter().any(|server| {
        let mode = server.at(&["tls", "mode"]).and_then(Node::text);
        mode == Some("AUTO_PASSTHROUGH") && !texts(server.get("hosts")).is_empty()
    })
}
