//! From objects to routes, exports and findings.

use crate::exports::Exports;
use crate::manifest::{Loaded, Manifest};
use crate::route::{DownRoute, Route};
use crate::virtual_ip::{Capture, Reach};
use crate::{Mesh, Options};

mod addresses;
mod alias;
mod exported;
mod far_end;
mod listen_port;
mod neighbours;
mod rules;
mod served;
mod shims_ports;
mod told;
mod twice;

use rules::Rules;

/// Puts together what the objects say. Takes down what contradicts itself, and says so.
pub(crate) fn mesh(manifest: Manifest, options: &Options, reach: Reach<'_>) -> Mesh {
    let rules = Rules::new(&manifest.destination_rules);
    let aliases = alias::find(&manifest.service_entries, &rules, &options.cluster_domain);
    let mut down = Vec::new();
    let candidates = served::candidates(&aliases, &options.cluster_domain, &mut down);
    if reach.capture != Capture::Elsewhere {
        far_end::tell_whole_namespaces(&candidates);
    }
    let candidates = listen_port::assign(candidates, reach.capture, &mut down);
    let routes = addresses::assign(candidates, reach, &mut down);
    let exports = exported::exports(&manifest, &aliases, &rules, &options.cluster_domain);
    neighbours::warn(&manifest.neighbours, &routes, &down);
    rules.report_unused(&aliases);
    finish(manifest, routes, down, exports)
}

fn finish(
    mut manifest: Manifest,
    routes: Vec<Route>,
    down: Vec<DownRoute>,
    exports: Exports,
) -> Mesh {
    let mut findings = std::mem::take(&mut manifest.findings);
    let mut close = |report: crate::report::Report| findings.extend(report.into_findings());
    manifest
        .service_entries
        .into_iter()
        .for_each(|Loaded { report, .. }| close(report));
    manifest
        .destination_rules
        .into_iter()
        .for_each(|Loaded { report, .. }| close(report));
    manifest
        .gateways
        .into_iter()
        .for_each(|Loaded { report, .. }| close(report));
    manifest
        .neighbours
        .into_iter()
        .for_each(|Loaded { report, .. }| close(report));
    Mesh {
        routes,
        down,
        exports,
        policies: manifest.policies,
        unread: manifest.unread,
        contests: manifest.contests,
        findings,
    }
}
