//! The server names that clients may send.

use std::num::NonZeroU16;

use super::Name;
use super::Pods;
use super::cluster::{By, Cluster};
use crate::exports::HostPattern;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::sni::ServerName;
use crate::{Dialect, Route};

/// A server name that a client may send.
pub(super) struct Asked {
    pub(super) name: Name,
    /// The pod that it stands for, as the caller's cluster has it.
    pub(super) meant: Option<Hostname>,
}

/// What clients of an alias send: what the files of their cluster say; Istio's own choice, which names
/// the alias; and the pod's own name. Where the gateway takes plain names, those too.
pub(super) fn by_route(route: &Route) -> Vec<Asked> {
    let (alias, remote) = (&route.alias, &route.remote);
    let sent = ServerName::parse(&route.sni).ok();
    let names = [
        sent,
        ServerName::istio(alias, route.port).ok(),
        ServerName::istio(remote, route.remote_port).ok(),
        Some(plain(alias)),
        Some(plain(remote)),
    ];
    let asked = |name: ServerName| Asked {
        name: Name {
            number: name.port.or(Some(route.remote_port)),
            ..of(name, &route.origin)
        },
        meant: Some(remote.clone()),
    };
    names.into_iter().flatten().map(asked).collect()
}

/// What is known without any caller.
pub(super) fn by_cluster(cluster: &Cluster) -> Vec<Asked> {
    let mut all = Vec::new();
    let exports = &cluster.mesh.exports;
    let told = exports.told_names();
    let mut add = |name: ServerName, number: Option<NonZeroU16>, origin: &Origin| {
        let name = Name {
            number: name.port.or(number),
            ..of(name, origin)
        };
        all.push(Asked { name, meant: None });
    };
    for (pattern, origin) in exports.entries(Dialect::Plain) {
        if let HostPattern::Exact(host) = pattern {
            let names = exports.names_of(&host, &told);
            names
                .iter()
                .for_each(|name| add(plain(name), None, &origin));
        }
    }
    for known in &cluster.known {
        let host = exports.dialled(known.host.clone());
        // Our shims are beside single pods; a Service of another form says only what their ports are.
        let counts = cluster.pods == Pods::Sidecar
            || known.by == By::ServiceEntry
            || host != known.host
            || exports.has_exact(Dialect::Istio, &host);
        if !counts {
            continue;
        }
        let names = match cluster.pods {
            Pods::Shim => exports.names_of(&host, &told),
            Pods::Sidecar => vec![known.host.clone()],
        };
        for name in names {
            if let Ok(istio) = ServerName::istio(&name, known.number) {
                add(istio, None, &known.origin);
            }
            add(plain(&name), Some(known.number), &known.origin);
        }
    }
    all
}

fn plain(host: &Hostname) -> ServerName {
    ServerName {
        text: host.to_string(),
        host: host.clone(),
        port: None,
    }
}

fn of(name: ServerName, origin: &Origin) -> Name {
    Name {
        // Gateways compare in lower case, whatever a rule has.
        text: name.text.to_ascii_lowercase(),
        dialect: match name.port {
            Some(_) => Dialect::Istio,
            None => Dialect::Plain,
        },
        host: name.host,
        number: None,
        origin: origin.clone(),
    }
}
