//! What a gateway lets through, written out: for servers of others, which are configured with names
//! and cannot ask [`Exports`](crate::Exports) about each as it comes. No server of ours runs this.
//!
//! The names are those that clients are known to send: what the callers' aliases make them send, and
//! what the gateway's own cluster has Services and ServiceEntries for. Each has been put to the same
//! [`Exports`](crate::Exports) that our gateway asks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroU16;

use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::{Capture, Dialect, Mesh, Severity, Source, load};

mod asked;
mod cluster;
mod dialled;
mod remarks;
mod sides;
mod wildcards;

pub use sides::{Sides, SidesError, sides};
pub use wildcards::{Wildcard, WildcardHosts};

use asked::Asked;
use cluster::Cluster;

/// What the files don't say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The clusters' DNS domain.
    pub cluster_domain: Hostname,
    /// Who takes mTLS in the pods.
    pub pods: Pods,
}

/// Who takes mTLS in the pods, which decides where they are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods {
    /// Our shim, at [`INBOUND_PORT`](crate::INBOUND_PORT) unless a ServiceEntry says otherwise.
    Shim,
    /// Istio's sidecar, at the app's own port; through a Service of the asked-for name if there is one.
    Sidecar,
}

/// All that a gateway lets through.
#[derive(Clone, Debug, Default)]
pub struct Forwarding {
    /// The port of the Gateways' servers.
    pub port: Option<NonZeroU16>,
    /// What is dialled, and for which names, in the order of the hosts.
    pub targets: Vec<Target>,
    /// Names that are let through by their form, and only where no exact name has them.
    pub wildcards: Vec<Wildcard>,
    /// What a person should know, in the order of the files.
    pub remarks: Vec<Remark>,
}

impl Forwarding {
    /// Whether nothing at all is let through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.wildcards.is_empty()
    }
}

/// Where connections go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name to look up at each dial.
    pub host: Hostname,
    /// The port to dial.
    pub port: NonZeroU16,
    /// What stands under the name.
    pub kind: TargetKind,
    /// The entry of `hosts` that allows it.
    pub allowed: Origin,
    /// The server names that lead here, at least one, in the order of their texts.
    pub names: Vec<Name>,
}

/// What is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A pod, or whatever else has the name.
    Pod,
    /// A Service of the gateway's cluster.
    Service,
}

/// One server name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As clients send it, in lower case.
    pub text: String,
    /// Its form.
    pub dialect: Dialect,
    /// The host in it.
    pub host: Hostname,
    /// The app's port, where anything says it.
    pub number: Option<NonZeroU16>,
    /// What makes it known.
    pub origin: Origin,
}

/// What a person should know about a place in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// An error: something is left out. A warning: something is not quite the same. A note: neither.
    pub severity: Severity,
    /// Where it is.
    pub origin: Origin,
    /// What is so. One line.
    pub message: String,
}

/// One line: `gateway.yaml:9:5: warning: what is so`.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.origin, self.severity, self.message)
    }
}

/// What the gateway of the cluster with these files lets through. `callers` are the files of the
/// clusters that call it, if they are known; then nothing else than their names is let through where a
/// Gateway's entry is a wildcard.
#[must_use]
pub fn forwarding(gateway: &[Source], callers: &[Vec<Source>], options: &Options) -> Forwarding {
    let domain = &options.cluster_domain;
    let cluster = Cluster::read(gateway, options);
    let callers: Vec<Mesh> = callers.iter().map(|files| loaded(files, domain)).collect();
    let mut remarks = remarks::of_files(&cluster, &callers);
    let mut table = Table::default();
    for route in callers.iter().flat_map(|mesh| &mesh.routes) {
        let asked = asked::by_route(route);
        let any = table.add_all(asked, &cluster, &mut remarks);
        if let Err(refusal) = any {
            remarks.push(remarks::not_exported(route, &refusal));
        }
    }
    for asked in asked::by_cluster(&cluster) {
        // A name that is known and not exported is as it should be.
        let _ = table.add(asked, &cluster, &mut remarks);
    }
    let known = callers.iter().any(|mesh| !mesh.routes.is_empty());
    let wildcards = wildcards::read(&cluster, &table, known, &mut remarks);
    remarks::sort(&mut remarks, gateway, &callers);
    Forwarding {
        port: cluster.port(),
        targets: table.into_targets(),
        wildcards,
        remarks,
    }
}

/// What is left out of the files of one cluster, whether or not anything remains to convert.
#[must_use]
pub fn left_out(files: &[Source], options: &Options) -> Vec<Remark> {
    let mut remarks = remarks::of_files(&Cluster::read(files, options), &[]);
    remarks::sort(&mut remarks, files, &[]);
    remarks
}

fn loaded(files: &[Source], domain: &Hostname) -> Mesh {
    let options = crate::Options {
        cluster_domain: domain.clone(),
        capture: Capture::Elsewhere,
    };
    load(files, &options)
}

/// The targets while they are put together.
#[derive(Default)]
struct Table {
    targets: BTreeMap<(Hostname, NonZeroU16), Target>,
    /// Where each server name leads.
    names: HashMap<String, (Hostname, NonZeroU16)>,
}

impl Table {
    /// Adds the names of one route. `Err` is why the first of them is refused, if all are.
    fn add_all(
        &mut self,
        asked: Vec<Asked>,
        cluster: &Cluster,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), String> {
        let mut refused = None;
        let mut any = false;
        for asked in asked {
            match self.add(asked, cluster, remarks) {
                Ok(()) => any = true,
                Err(why) => _ = refused.get_or_insert(why),
            }
        }
        match refused {
            Some(why) if !any => Err(why),
            _ => Ok(()),
        }
    }

    fn add(
        &mut self,
        asked: Asked,
        cluster: &Cluster,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), String> {
        let found = dialled::find(&asked, cluster)?;
        remarks.extend(found.remark);
        let key = (found.host, found.port);
        match self.names.get(&asked.name.text) {
            Some(other) if *other != key => {
                remarks.push(remarks::two_targets(&asked.name, &key.0, &other.0));
                return Ok(());
            }
            Some(_) => return Ok(()),
            None => {}
        }
        self.names.insert(asked.name.text.clone(), key.clone());
        let target = self.targets.entry(key).or_insert_with_key(|key| Target {
            host: key.0.clone(),
            port: key.1,
            kind: found.kind,
            allowed: found.allowed,
            names: Vec::new(),
        });
        target.names.push(asked.name);
        Ok(())
    }

    /// How many names each entry of `hosts` allows.
    fn allowed(&self) -> HashMap<&Origin, usize> {
        let mut counts = HashMap::new();
        for target in self.targets.values() {
            *counts.entry(&target.allowed).or_default() += target.names.len();
        }
        counts
    }

    fn into_targets(self) -> Vec<Target> {
        let mut targets: Vec<Target> = self.targets.into_values().collect();
        for target in &mut targets {
            target.names.sort_by(|one, other| one.text.cmp(&other.text));
        }
        targets
    }
}
