//! The gateway's own cluster: what is exported, and what is known of the hosts.

use std::collections::HashMap;
use std::num::NonZeroU16;

use super::{Options, Pods, loaded};
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::kinds::gateway::{Gateway, Server};
use crate::kinds::neighbour::NeighbourKind;
use crate::manifest::Manifest;
use crate::report::Report;
use crate::{Mesh, Source};

pub(super) struct Cluster {
    pub(super) mesh: Mesh,
    pub(super) domain: Hostname,
    pub(super) pods: Pods,
    /// Gateways that could be read.
    pub(super) gateways: Vec<Gateway>,
    /// Gateways with an error, of which nothing is taken.
    pub(super) refused: Vec<Gateway>,
    pub(super) known: Vec<Known>,
    /// The ports of Services.
    services: HashMap<Hostname, Vec<NonZeroU16>>,
    /// Where VirtualServices are.
    pub(super) virtual_services: Vec<Origin>,
}

/// A port of a host that an object of the cluster gives.
pub(super) struct Known {
    pub(super) host: Hostname,
    pub(super) number: NonZeroU16,
    pub(super) by: By,
    pub(super) origin: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Service,
    ServiceEntry,
}

impl Cluster {
    pub(super) fn read(files: &[Source], options: &Options) -> Self {
        let domain = options.cluster_domain.clone();
        let manifest = Manifest::read(files, &domain, Report::new);
        let mut cluster = Self {
            mesh: loaded(files, &domain),
            domain,
            pods: options.pods,
            gateways: Vec::new(),
            refused: Vec::new(),
            known: Vec::new(),
            services: HashMap::new(),
            virtual_services: Vec::new(),
        };
        cluster.take(manifest);
        cluster
    }

    fn take(&mut self, manifest: Manifest) {
        for entry in &manifest.service_entries {
            let entry = &entry.value;
            for host in &entry.hosts {
                let known = entry.ports.iter().map(|port| Known {
                    host: host.value.clone(),
                    number: port.number,
                    by: By::ServiceEntry,
                    origin: host.origin.clone(),
                });
                self.known.extend(known);
            }
        }
        for neighbour in &manifest.neighbours {
            let origin = neighbour.report.origin(neighbour.mark);
            let neighbour = &neighbour.value;
            match neighbour.kind {
                NeighbourKind::VirtualService => self.virtual_services.push(origin),
                NeighbourKind::Service => {
                    for host in &neighbour.hosts {
                        let services = self.services.entry(host.clone()).or_default();
                        services.extend(&neighbour.ports);
                        let known = neighbour.ports.iter().map(|&number| Known {
                            host: host.clone(),
                            number,
                            by: By::Service,
                            origin: origin.clone(),
                        });
                        self.known.extend(known);
                    }
                }
            }
        }
        for gateway in manifest.gateways {
            match gateway.report.failed() {
                true => self.refused.push(gateway.value),
                false => self.gateways.push(gateway.value),
            }
        }
    }

    pub(super) fn servers(&self) -> impl Iterator<Item = &Server> {
        self.gateways.iter().flat_map(|gateway| &gateway.servers)
    }

    /// The port of the first server that has one.
    pub(super) fn port(&self) -> Option<NonZeroU16> {
        let mut ports = self.servers().filter_map(|server| server.port.as_ref());
        ports.next().map(|port| port.value)
    }

    /// Whether the cluster has a Service of this name, with this port if there is one to have.
    pub(super) fn has_service(&self, host: &Hostname, number: Option<NonZeroU16>) -> bool {
        let ports = self.services.get(host);
        ports.is_some_and(|ports| number.is_none_or(|number| ports.contains(&number)))
    }

    /// The only port of a Service.
    pub(super) fn only_port(&self, host: &Hostname) -> Option<NonZeroU16> {
        match self.services.get(host)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}
