//! What the gateways of the clusters know, and which cluster exports a name.
//!
//! A gateway has a filter chain for each service of its own registry and for nothing else
//! (`gateway.go`, builtAutoPassthroughFilterChains).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::listeners::{Listeners, Unexported};
use super::pod_service::{Addition, POD_NAME, Place, PodService};
use super::registered::Registered;
use super::world::{Item, World};
use crate::hostname::Hostname;
use crate::manifest::Kind;
use crate::yaml::Node;

/// A pod of a StatefulSet, and its namespace.
pub(super) type Pod = (String, String);

/// The registries of all clusters.
#[derive(Default)]
pub(super) struct Registry<'a> {
    hosts: HashMap<Hostname, Vec<Registered<'a>>>,
    /// The clusters that have any host.
    clusters: HashSet<usize>,
    /// Pods with a Service or ServiceEntry of their own.
    pods: HashMap<Pod, HashSet<usize>>,
    listeners: Listeners,
}

impl<'a> Registry<'a> {
    pub(super) fn of(world: &World<'a>) -> Self {
        let domain = &world.options.cluster_domain;
        let mut known = Self::default();
        for (item, spec) in world.of_kind(Kind::Gateway) {
            known.listeners.add(item, spec);
        }
        for (item, spec) in world.of_kind(Kind::Service) {
            let (name, namespace) = (item.object.name, item.object.namespace());
            if let Ok(host) = format!("{name}.{namespace}.svc.{domain}").parse() {
                known.add(host, Registered::service(item, spec));
            }
            known.add_pod(spec.get("selector"), item);
        }
        for entry in world.entries.iter().filter(|entry| !entry.is_east_west()) {
            for (host, _) in entry.names() {
                known.add(host, Registered::entry(entry));
            }
            let labels = entry.spec.at(&["workloadSelector", "labels"]);
            known.add_pod(labels, entry.item);
        }
        known
    }

    fn add(&mut self, host: Hostname, service: Registered<'a>) {
        self.clusters.insert(service.item.cluster);
        self.hosts.entry(host).or_default().push(service);
    }

    fn add_pod(&mut self, selector: Option<&Node>, item: &Item<'_>) {
        if let Some(pod) = selector.and_then(|labels| labels.get(POD_NAME)?.text()) {
            let key = (pod.to_owned(), item.object.namespace().to_owned());
            self.pods.entry(key).or_default().insert(item.cluster);
        }
    }

    /// Whether any cluster exports anything.
    pub(super) fn has_exports(&self) -> bool {
        !self.listeners.is_empty()
    }

    /// Whether there is a file of another cluster than the client's, or of both.
    pub(super) fn has_other(&self, client: usize) -> bool {
        self.has_exports() || self.clusters.iter().any(|&cluster| cluster != client)
    }

    /// What makes a gateway that a client of that cluster dials know the name.
    pub(super) fn known(&self, host: &Hostname, client: usize) -> Vec<&Registered<'a>> {
        let services = self.hosts.get(host).map_or(&[][..], Vec::as_slice);
        let far = |service: &&Registered<'_>| self.is_far(service.item.cluster, client);
        services.iter().filter(far).collect()
    }

    /// Why no client gets at this service of the host through a gateway.
    pub(super) fn unexported(
        &self,
        host: &Hostname,
        service: &Registered<'_>,
        dialled: &[u16],
    ) -> Option<Unexported> {
        let cluster = service.item.cluster;
        self.listeners.unexported(host, cluster, dialled)
    }

    pub(super) fn has_service(&self, pod: &Pod, client: usize) -> bool {
        let mut clusters = self.pods.get(pod).into_iter().flatten();
        clusters.any(|&cluster| self.is_far(cluster, client))
    }

    /// Whether it is another cluster than the client's, or the only one that can be meant: both
    /// clusters' files may lie in one folder.
    fn is_far(&self, cluster: usize, client: usize) -> bool {
        cluster != client || self.listeners.all_of(client)
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
        let exporters = self.listeners.exporters(host);
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
