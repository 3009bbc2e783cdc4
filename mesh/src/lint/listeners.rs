//! Where gateways listen for TLS that they do not end, and which names they export there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::texts;
use super::world::Item;
use crate::Origin;
use crate::exports::HostSet;
use crate::hostname::Hostname;
use crate::yaml::Node;

/// The listeners of all clusters' Gateways.
#[derive(Default)]
pub(super) struct Listeners(BTreeMap<Listener, Exported>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Listener {
    cluster: usize,
    chains: Chains,
    port: Option<u16>,
}

/// What there is a filter chain for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Chains {
    /// AUTO_PASSTHROUGH: each service of the registry.
    Services,
    /// PASSTHROUGH: each TLS route of a VirtualService.
    Routes,
}

struct Exported {
    hosts: HostSet,
    /// The `hosts` that came first.
    origin: Origin,
}

/// Why a name is not to be had where clients dial.
pub(super) enum Unexported {
    /// No `hosts` cover it; these could.
    ByNone(Origin),
    /// Only by a server with mode PASSTHROUGH.
    ByRoutes(Origin),
    /// At a port that no client dials.
    Elsewhere(u16, Origin),
}

impl Listeners {
    pub(super) fn add(&mut self, item: &Item<'_>, spec: &Node) {
        let servers = spec.get("servers").map_or(&[][..], Node::items);
        for server in servers {
            let chains = match server.at(&["tls", "mode"]).and_then(Node::text) {
                Some("AUTO_PASSTHROUGH") => Chains::Services,
                Some("PASSTHROUGH") => Chains::Routes,
                _ => continue,
            };
            let hosts = texts(server.get("hosts"));
            let Some(first) = hosts.first() else { continue };
            let listener = Listener {
                cluster: item.cluster,
                chains,
                port: server.at(&["port", "number"]).and_then(Node::port),
            };
            let exported = self.0.entry(listener).or_insert_with(|| Exported {
                hosts: HostSet::default(),
                origin: item.origin(first.mark),
            });
            for host in hosts {
                // Istio cuts a namespace off (`model/gateway.go`).
                let name = host.text.rsplit_once('/');
                let name = name.map_or(host.text, |(_, name)| name);
                if let Ok(pattern) = name.parse() {
                    exported.hosts.add(pattern, item.origin(host.mark));
                }
            }
        }
    }

    fn of_services(&self) -> impl Iterator<Item = (&Listener, &Exported)> {
        let all = self.0.iter();
        all.filter(|(listener, _)| listener.chains == Chains::Services)
    }

    /// Whether any cluster exports anything.
    pub(super) fn is_empty(&self) -> bool {
        self.of_services().next().is_none()
    }

    /// Whether no other cluster than this one has any.
    pub(super) fn all_of(&self, cluster: usize) -> bool {
        self.0.keys().all(|listener| listener.cluster == cluster)
    }

    /// The clusters that export the name, and the file in which each says so.
    pub(super) fn exporters(&self, host: &Hostname) -> Vec<(usize, Arc<str>)> {
        let mut found = BTreeMap::new();
        for (listener, exported) in self.of_services() {
            if let Some(origin) = exported.hosts.find(host) {
                let file = || Arc::clone(&origin.file);
                found.entry(listener.cluster).or_insert_with(file);
            }
        }
        found.into_iter().collect()
    }

    /// Why clients that dial these ports do not get at a service of this cluster, as far as Gateways
    /// are there to tell: its own, else all, as people also sort their files by kind.
    pub(super) fn unexported(
        &self,
        host: &Hostname,
        cluster: usize,
        dialled: &[u16],
    ) -> Option<Unexported> {
        let own = self.0.keys().any(|listener| listener.cluster == cluster);
        let meant = |listener: &Listener| !own || listener.cluster == cluster;
        let covering = |chains: Chains| {
            let all = self.0.iter();
            all.filter(move |(listener, _)| listener.chains == chains && meant(listener))
                .filter_map(|(listener, exported)| Some((listener, exported.hosts.find(host)?)))
        };
        let reached = |port: Option<u16>| port.is_none_or(|port| dialled.contains(&port));
        let mut services = covering(Chains::Services).peekable();
        if let Some(&(first, origin)) = services.peek() {
            let reached = services.any(|(listener, _)| reached(listener.port));
            let elsewhere = first.port.filter(|_| !reached)?;
            return Some(Unexported::Elsewhere(elsewhere, origin.clone()));
        }
        if let Some((_, origin)) = covering(Chains::Routes).next() {
            return Some(Unexported::ByRoutes(origin.clone()));
        }
        let (_, near) = self.of_services().find(|(listener, _)| meant(listener))?;
        Some(Unexported::ByNone(near.origin.clone()))
    }
}
