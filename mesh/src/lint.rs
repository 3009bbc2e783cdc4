//! What a person wants to know of manifests before they are applied.
//!
//! Beside what [`crate::load`] finds: what istiod's own validation refuses, and what it takes and
//! stock Istio then does not do. The servers run none of this, as none of it changes what they do.
//!
//! Read from istio/istio: `pkg/config/validation/validation.go` for what is refused; for the rest
//! each module names its source.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::code::{Code, Side};
use crate::hostname::Hostname;
use crate::report::Report;
use crate::virtual_ip::Reach;
use crate::{Capture, Finding, IpNet, Source, load_with, virtual_ip};

mod certificates;
mod chains;
mod cluster_ranges;
mod dns_names;
mod edit;
mod endpoint_port;
mod endpoints;
mod entry;
mod export_to;
mod gateway;
mod hosts;
mod limits;
mod listener;
mod listeners;
mod plaintext;
mod pod_service;
mod policy;
mod ports;
mod registered;
mod registry;
mod resolution;
mod rules;
mod server_name;
mod subsets;
mod text;
mod twice;
mod world;

pub use edit::{Edit, apply};
pub use pod_service::{Addition, Place, PodService};
use world::{Item, World};

/// What to look for, and what the files don't say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The clusters' DNS domain.
    pub cluster_domain: Hostname,
    /// Who is to carry the manifests out.
    pub view: View,
    /// How the shim is reached; only findings about the servers of eastwest depend on it.
    pub capture: Capture,
    /// Ranges of the clusters' own pods.
    pub pod_ranges: Vec<IpNet>,
    /// Ranges of the clusters' own services.
    pub service_ranges: Vec<IpNet>,
}

/// Who is to carry the manifests out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Stock Istio.
    Istio,
    /// The servers of eastwest.
    Eastwest,
    /// Now one and now the other.
    Both,
}

/// A finding, and what mends it where there is just one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// What is wrong.
    #[serde(flatten)]
    pub finding: Finding,
    /// The answer, if it is mechanical.
    #[serde(skip)]
    pub mend: Option<Mend>,
}

/// What `--fix` does about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// A change of the file that it is in.
    Edit(Edit),
    /// An object that is missing in the other cluster.
    Add(Addition),
}

impl Lint {
    /// The change that mends it, where it is one.
    #[must_use]
    pub fn edit(&self) -> Option<&Edit> {
        match &self.mend {
            Some(Mend::Edit(edit)) => Some(edit),
            _ => None,
        }
    }

    /// The object whose addition mends it, where it is one.
    #[must_use]
    pub fn addition(&self) -> Option<&Addition> {
        match &self.mend {
            Some(Mend::Add(addition)) => Some(addition),
            _ => None,
        }
    }
}

impl View {
    const fn shows(self, side: Side) -> bool {
        matches!(
            (self, side),
            (Self::Both, _)
                | (_, Side::Both)
                | (Self::Istio, Side::Istio)
                | (Self::Eastwest, Side::Eastwest)
        )
    }
}

/// Looks at the files of some clusters. Names and rules hold within a cluster; only what one exports
/// is compared with what another one dials.
#[must_use]
pub fn lint(clusters: &[Vec<Source>], options: &Options) -> Vec<Lint> {
    let documents = world::documents_of(clusters);
    let reports = world::reports(&documents);
    let items = world::items(&documents, &reports);
    let world = World::new(&items, options);
    check(&world);
    let mut lints: Vec<Lint> = items.into_iter().flat_map(Item::into_lints).collect();
    // Where a check says the same as the servers' reader, it says more.
    let place = |lint: &Lint| {
        let Finding { code, origin, .. } = &lint.finding;
        // The reader tells it at the port, the check at the host.
        let line = (*code != Code::DefinedTwice).then_some(origin.line);
        (*code, Arc::clone(&origin.file), line)
    };
    let told: HashSet<_> = lints.iter().map(place).collect();
    let loaded = clusters.iter().flat_map(|sources| loaded(sources, options));
    lints.extend(loaded.filter(|lint| !told.contains(&place(lint))));
    lints.retain(|lint| options.view.shows(lint.finding.code.side()));
    sort(&mut lints, clusters);
    lints.dedup();
    lints
}

fn check(world: &World<'_>) {
    certificates::check(world);
    cluster_ranges::check(world);
    endpoint_port::check(world);
    endpoints::check(world);
    export_to::check(world);
    gateway::check(world);
    hosts::check(world);
    limits::check(world);
    listener::check(world);
    plaintext::check(world);
    policy::check(world);
    ports::check(world);
    resolution::check(world);
    server_name::check(world);
    subsets::check(world);
    twice::check(world);
}

/// What the servers' own reader finds.
fn loaded(sources: &[Source], options: &Options) -> Vec<Lint> {
    let reach = Reach {
        capture: options.capture,
        redirected: &virtual_ip::REDIRECTED,
    };
    let report = match options.view {
        View::Eastwest => Report::new,
        View::Istio | View::Both => Report::for_istio,
    };
    let serving = crate::Options {
        cluster_domain: options.cluster_domain.clone(),
        capture: options.capture,
    };
    let mesh = load_with(sources, &serving, reach, report);
    let lint = |finding| Lint {
        finding,
        mend: None,
    };
    mesh.findings.into_iter().map(lint).collect()
}

/// In the order of the files, and of the lines in each.
fn sort(lints: &mut [Lint], clusters: &[Vec<Source>]) {
    let names = clusters.iter().flatten().enumerate();
    let order: HashMap<&str, usize> = names.map(|(i, s)| (s.name.as_str(), i)).collect();
    lints.sort_by_cached_key(|lint| {
        let Finding {
            code,
            severity,
            origin,
            message,
            ..
        } = &lint.finding;
        (
            order.get(&*origin.file).copied(),
            origin.line,
            origin.column,
            *severity,
            *code,
            message.clone(),
        )
    });
}
