//! What a person should know.

use std::collections::HashMap;
use std::fmt::Display;

use super::cluster::Cluster;
use super::{Name, Pods, Remark};
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::kinds::gateway::Gateway;
use crate::{Code, Dialect, Mesh, Route, Severity, Source};

impl Remark {
    pub(super) fn error(origin: &Origin, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, origin, message)
    }

    pub(super) fn warning(origin: &Origin, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, origin, message)
    }

    fn note(origin: &Origin, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, origin, message)
    }

    fn new(severity: Severity, origin: &Origin, message: impl Into<String>) -> Self {
        Self {
            severity,
            origin: origin.clone(),
            message: message.into(),
        }
    }
}

/// What is not read, and what one server for all can't have.
pub(super) fn of_files(cluster: &Cluster, callers: &[Mesh]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let own = cluster.mesh.findings.iter();
    remarks.extend(own.filter(|finding| told(finding)).map(unread));
    let theirs = callers.iter().flat_map(|mesh| &mesh.findings);
    let errors = theirs.filter(|finding| finding.severity == Severity::Error);
    remarks.extend(errors.map(unread));
    for origin in cluster.gateways.iter().flat_map(|gateway| &gateway.others) {
        let message = "this server is left out: it does not pass TLS on by its server name, which \
                       takes protocol TLS and tls.mode AUTO_PASSTHROUGH or PASSTHROUGH";
        remarks.push(Remark::warning(origin, message));
    }
    remarks.extend(cluster.refused.iter().map(left_out_whole));
    for origin in &cluster.virtual_services {
        let message =
            "this VirtualService is left out: a server name leads to the pod that it names";
        remarks.push(Remark::warning(origin, message));
    }
    remarks.extend(other_ports(cluster));
    remarks.extend(other_selectors(cluster));
    remarks.extend(sidecars(cluster));
    remarks
}

/// As our gateway does: half of what somebody exports is nobody's wish.
fn left_out_whole(gateway: &Gateway) -> Remark {
    let hosts = gateway.servers.iter().map(|server| server.hosts.len());
    let message = match hosts.sum::<usize>() {
        0 => "this Gateway is left out for the errors in it".to_owned(),
        hosts => format!(
            "this Gateway is left out for the errors in it, and its {hosts} readable hosts with it: \
             like eastwest-gateway this takes a whole Gateway or nothing of it"
        ),
    };
    Remark::error(&gateway.origin, message)
}

/// Findings that mean that something is missing.
fn told(finding: &Finding) -> bool {
    finding.severity == Severity::Error || finding.code == Code::GatewayApi
}

fn unread(finding: &Finding) -> Remark {
    Remark {
        severity: finding.severity,
        origin: finding.origin.clone(),
        message: format!("[{}] {}", finding.code, finding.message),
    }
}

fn other_ports(cluster: &Cluster) -> Vec<Remark> {
    let Some(first) = cluster.port() else {
        return Vec::new();
    };
    let ports = cluster.servers().filter_map(|server| server.port.as_ref());
    let others = ports.filter(|port| port.value != first);
    let remark = |port: &crate::finding::Located<_>| {
        let message = format!(
            "this server is at port {}, and another at {first}: all become one, and what either \
             lets through is let through",
            port.value
        );
        Remark::warning(&port.origin, message)
    };
    others.map(remark).collect()
}

fn other_selectors(cluster: &Cluster) -> Vec<Remark> {
    let mut gateways = cluster.gateways.iter();
    let Some(first) = gateways.next() else {
        return Vec::new();
    };
    let others = gateways.filter(|gateway| gateway.selector != first.selector);
    let remark = |gateway: &Gateway| {
        let message = format!(
            "this Gateway is for another gateway than the one at {}: they become one, and what \
             either lets through is let through",
            first.origin
        );
        Remark::warning(&gateway.origin, message)
    };
    others.map(remark).collect()
}

fn sidecars(cluster: &Cluster) -> Option<Remark> {
    let passes = |server: &&crate::kinds::gateway::Server| server.dialect == Dialect::Istio;
    let server = cluster.servers().find(passes)?;
    let host = server.hosts.first()?;
    (cluster.pods == Pods::Sidecar).then(|| {
        let message = "Istio's gateway passes over pods without a sidecar, and this one can't: what \
                       is exported and has none is dialled all the same";
        Remark::warning(&host.origin, message)
    })
}

pub(super) fn not_exported(route: &Route, why: &dyn Display) -> Remark {
    let message = format!(
        "{}:{} leads nowhere, here as there: {why}",
        route.alias, route.port
    );
    Remark::note(&route.origin, message)
}

pub(super) fn other_pod(name: &Name, here: &Hostname, there: &Hostname) -> Remark {
    let message = format!(
        "{} leads to {here} in the gateway's cluster, and to {there} in the caller's: the gateway's \
         word counts",
        name.host
    );
    Remark::warning(&name.origin, message)
}

pub(super) fn two_targets(name: &Name, here: &Hostname, there: &Hostname) -> Remark {
    let message = format!(
        "the server name {} would lead to {here}, and another has led it to {there} already",
        name.text
    );
    Remark::warning(&name.origin, message)
}

/// In the order of the files, and of the lines in each.
pub(super) fn sort(remarks: &mut Vec<Remark>, files: &[Source], callers: &[Mesh]) {
    let own = files.iter().map(|file| file.name.as_str());
    let places = callers.iter().flat_map(|mesh| {
        let routes = mesh.routes.iter().map(|route| &*route.origin.file);
        routes.chain(mesh.findings.iter().map(|finding| &*finding.origin.file))
    });
    let mut order: HashMap<&str, usize> = HashMap::new();
    for name in own.chain(places) {
        let next = order.len();
        order.entry(name).or_insert(next);
    }
    remarks.sort_by_cached_key(|remark| {
        let Origin { file, line, column } = &remark.origin;
        let file = order.get(&**file).copied();
        (
            file,
            *line,
            *column,
            remark.severity,
            remark.message.clone(),
        )
    });
    // A folder that is both the gateway's and a caller's is read twice.
    remarks.dedup();
}
