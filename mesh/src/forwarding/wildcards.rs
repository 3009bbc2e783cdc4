//! Entries of `hosts` that name no single server name.

use super::cluster::Cluster;
use super::{Pods, Remark, Table};
use crate::exports::HostPattern;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::{Dialect, INBOUND_PORT};

/// Server names that are let through by their form. All are dialled at the shim's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// The form of the server name; Istio's may have any port and subset in it.
    pub dialect: Dialect,
    /// The hosts in it.
    pub hosts: WildcardHosts,
    /// The entry of `hosts` that allows them.
    pub allowed: Origin,
}

/// The hosts that a wildcard is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WildcardHosts {
    /// These names, with any port, all of which lead to one host.
    Any {
        /// The names, one of them the host's own.
        names: Vec<Hostname>,
        /// The host.
        host: Hostname,
    },
    /// Aliases by the convention ([`alias`](crate::alias)), each of which leads to its pod.
    Aliases {
        /// The StatefulSet, where only pods of one are meant.
        set: Option<String>,
        /// The namespace, where only one is meant.
        namespace: Option<String>,
    },
    /// Names below `suffix`, each of which leads to itself.
    Below {
        /// What they end in, after a dot.
        suffix: Hostname,
        /// How many labels stand in front of it at the least.
        labels: usize,
    },
}

/// What the entries allow beside the names in `table`. `known` says that all callers' names are there.
pub(super) fn read(
    cluster: &Cluster,
    table: &Table,
    known: bool,
    remarks: &mut Vec<Remark>,
) -> Vec<Wildcard> {
    let mut wildcards = Vec::new();
    let counts = table.allowed();
    let exports = &cluster.mesh.exports;
    let told = exports.told_names();
    for dialect in [Dialect::Istio, Dialect::Plain] {
        for (pattern, allowed) in exports.entries(dialect) {
            let count = counts.get(&allowed).copied().unwrap_or(0);
            let hosts = match (pattern, cluster.pods) {
                (HostPattern::Exact(_), _) if count > 0 => continue,
                (HostPattern::Exact(host), Pods::Shim) => vec![WildcardHosts::Any {
                    names: exports.names_of(&host, &told),
                    host,
                }],
                (HostPattern::Exact(host), Pods::Sidecar) => {
                    remarks.push(without_port(&host, &allowed));
                    continue;
                }
                (pattern, pods) => {
                    let hosts = shapes(&pattern, &cluster.domain);
                    if hosts.is_empty() {
                        remarks.push(outside(&allowed, &cluster.domain));
                        continue;
                    }
                    if known || pods == Pods::Sidecar {
                        remarks.push(narrowed(count, known, &allowed));
                        continue;
                    }
                    hosts
                }
            };
            wildcards.extend(hosts.into_iter().map(|hosts| Wildcard {
                dialect,
                hosts,
                allowed: allowed.clone(),
            }));
        }
    }
    wildcards
}

/// The forms of the names that a gateway dials below a suffix: within `svc.DOMAIN` only.
fn shapes(pattern: &HostPattern, domain: &Hostname) -> Vec<WildcardHosts> {
    let Ok(services) = format!("svc.{domain}").parse::<Hostname>() else {
        return Vec::new();
    };
    let below = |suffix: &Hostname, labels| WildcardHosts::Below {
        suffix: suffix.clone(),
        labels,
    };
    let aliases = |set: Option<&str>, namespace: Option<&str>| WildcardHosts::Aliases {
        set: set.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
    };
    // A name and a namespace.
    let all = || vec![aliases(None, None), below(&services, 2)];
    let suffix = match pattern {
        HostPattern::All => return all(),
        HostPattern::Exact(_) => return Vec::new(),
        HostPattern::Below(suffix) => suffix,
    };
    if *suffix == services || services.is_below(suffix) {
        return all();
    }
    let Some(front) = suffix.strip_domain(&services) else {
        return Vec::new();
    };
    match front.split('.').collect::<Vec<_>>().as_slice() {
        [namespace] => vec![aliases(None, Some(namespace)), below(suffix, 1)],
        [set, namespace] => vec![aliases(Some(set), Some(namespace)), below(suffix, 1)],
        _ => vec![below(suffix, 1)],
    }
}

fn without_port(host: &Hostname, allowed: &Origin) -> Remark {
    let message = format!(
        "{host} is left out: nothing in these files says its ports; give its Service, or the \
         ServiceEntries of its callers"
    );
    Remark::error(allowed, message)
}

fn outside(allowed: &Origin, domain: &Hostname) -> Remark {
    let message =
        format!("this lets no name of svc.{domain} through, and others are never dialled");
    Remark::warning(allowed, message)
}

fn narrowed(count: usize, known: bool, allowed: &Origin) -> Remark {
    let (names, are) = match count {
        1 => ("server name".to_owned(), "is"),
        count => (format!("{count} server names"), "are"),
    };
    let why = match known {
        true => {
            "the callers' files name them; without those files whatever has its form would be let \
             through"
                .to_owned()
        }
        false => format!(
            "whatever else has its form would be dialled at any port, and not only at {INBOUND_PORT}"
        ),
    };
    match count {
        0 => {
            let message = format!("nothing is let through by this wildcard: {why}");
            match known {
                true => Remark::warning(allowed, message),
                false => Remark::error(allowed, message),
            }
        }
        _ => {
            let message =
                format!("of this wildcard {names} {are} let through and nothing else: {why}");
            Remark::warning(allowed, message)
        }
    }
}
