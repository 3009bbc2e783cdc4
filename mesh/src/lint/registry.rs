//! What the gateways of the clusters know, and which cluster exports a name.
//!
//! A gateway has a filter chain for each service of its own registry and for nothing else
//! (`gateway.go`, builtAutoPassthroughFilterChains).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::entry::texts;
use super::pod_service::{Addition, POD_NAME, Place, PodService};
use super::world::{Item, World};
use crate::exports::HostSet;
use crate::hostname::Hostname;
use crate::manifest::Kind;
use crate::yaml::Node;

/// A pod of a StatefulSet, and its namespace.
pub(super) type Pod = (String, String);

/// The registries of all clusters.
#[derive(Default)]
pub(super) struct Registry {
    hosts: HashMap<Hostname, HashSet<usize>>,
    /// Pods with a Service or ServiceEntry of their own.
    pods: HashMap<Pod, HashSet<usize>>,
    /// What each cluster with a Gateway exports, and the line that says so.
    exports: HashMap<usize, HostSet>,
}

impl Registry {
    pub(super) fn of(world: &World<'_>) -> Self {
        let domain = &world.options.cluster_domain;
        let mut known = Self::default();
        for (item, spec) in world.of_kind(Kind::Gateway) {
            known.add_gateway(item, spec);
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

    fn add_gateway(&mut self, item: &Item<'_>, spec: &Node) {
        let servers = spec.get("servers").map_or(&[][..], Node::items);
        for server in servers {
            let mode = server.at(&["tls", "mode"]).and_then(Node::text);
            let hosts = texts(server.get("hosts"));
            if mode != Some("AUTO_PASSTHROUGH") || hosts.is_empty() {
                continue;
            }
            let exports = self.exports.entry(item.cluster).or_default();
            for host in hosts {
                // Istio cuts a namespace off (`model/gateway.go`).
                let name = host
                    .text
                    .rsplit_once('/')
                    .map_or(host.text, |(_, name)| name);
                if let Ok(pattern) = name.parse() {
                    exports.add(pattern, item.origin(host.mark));
                }
            }
        }
    }

    fn add_pod(&mut self, selector: Option<&Node>, item: &Item<'_>) {
        if let Some(pod) = selector.and_then(|labels| labels.get(POD_NAME)?.text()) {
            let key = (pod.to_owned(), item.object.namespace().to_owned());
            self.pods.entry(key).or_default().insert(item.cluster);
        }
    }

    /// Whether any cluster exports anything.
    pub(super) fn has_exports(&self) -> bool {
        !self.exports.is_empty()
    }

    /// Whether a gateway that a client of that cluster dials knows the name.
    pub(super) fn knows(&self, host: &Hostname, client: usize) -> bool {
        let clusters = self.hosts.get(host);
        clusters.is_some_and(|clusters| self.is_far(clusters, client))
    }

    pub(super) fn has_service(&self, pod: &Pod, client: usize) -> bool {
        let clusters = self.pods.get(pod);
        clusters.is_some_and(|clusters| self.is_far(clusters, client))
    }

    /// Whether one of the clusters is another than the client's, or the only one that can be meant:
    /// both clusters' files may lie in one folder.
    fn is_far(&self, clusters: &HashSet<usize>, client: usize) -> bool {
        let one_folder = self.exports.keys().all(|&exporter| exporter == client);
        clusters
            .iter()
            .any(|&cluster| cluster != client || one_folder)
    }

    /// A Service that nobody has yet, where it can be told to whose files it belongs: to those with
    /// the only Gateway of another cluster that exports the name, else to those of all clusters.
    pub(super) fn addition(
        &self,
        host: &Hostname,
        service: PodService,
        client: usize,
    ) -> Option<Addition> {
        if self.hosts.contains_key(host) {
            return None;
        }
        let exporting = |&(&cluster, hosts): &(&usize, &HostSet)| {
            Some((cluster, Arc::clone(&hosts.find(host)?.file)))
        };
        let exporters: Vec<_> = self
            .exports
            .iter()
            .filter_map(|exporter| exporting(&exporter))
            .collect();
        let (far, own): (Vec<_>, Vec<_>) = exporters
            .into_iter()
            .partition(|&(cluster, _)| cluster != client);
        let (gateway, place) = match (far.as_slice(), own.as_slice()) {
            ([(_, gateway)], _) => (gateway, Place::GatewaysCluster),
            ([], [(_, gateway)]) => (gateway, Place::BothClusters),
            _ => return None,
        };
        Some(Addition {
            service,
            gateway: Arc::clone(gateway),
            place,
        })
    }
}
