//! What a gateway may route to: the hosts of its Gateway manifests, mapped to pods and ports.

use std::collections::HashMap;
use std::num::NonZeroU16;

use crate::alias;
use crate::finding::Origin;
use crate::hostname::{Hostname, HostnameError};

mod by_name;
mod hosts;
mod refusal;

pub use hosts::ExportedHost;
pub(crate) use hosts::{HostPattern, HostSet};
pub use refusal::Refusal;

/// The protocols that Istio's data plane offers for mTLS inside the mesh; AUTO_PASSTHROUGH takes
/// whoever offers any of them (`allIstioMtlsALPNs`, istio pilot/pkg/networking/core/listener.go).
pub const ISTIO_ALPN: [&str; 5] = [
    "istio",
    "istio-peer-exchange",
    "istio-http/1.0",
    "istio-http/1.1",
    "istio-h2",
];

/// Where our own shim listens in a pod.
pub const INBOUND_PORT: NonZeroU16 = NonZeroU16::MIN.saturating_add(15443);

/// The host that a shim asks a gateway for, to learn whether it answers: nobody exports it, and no
/// such name can exist (RFC 6761, section 6.4).
pub const PROBE_HOST: &str = "probe.eastwest.invalid";

/// Which form of server name a client sent, and which servers of a Gateway it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `outbound_.PORT_.SUBSET_.HOST`, for servers with `tls.mode: AUTO_PASSTHROUGH`.
    Istio,
    /// The host alone, for servers with `tls.mode: PASSTHROUGH`.
    Plain,
}

/// Where the gateway dials, and which line of a Gateway allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The pod's name, to be looked up at each dial.
    pub host: Hostname,
    /// 15444, unless a ServiceEntry of the gateway's own cluster gives another port for the host.
    pub port: NonZeroU16,
    /// The entry of `hosts` that allows it.
    pub origin: Origin,
}

/// One port of a ServiceEntry of the gateway's own cluster: a connection for `number` is dialled at
/// `dial`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DialPort {
    pub(crate) number: NonZeroU16,
    pub(crate) dial: NonZeroU16,
}

/// Everything that the Gateways in the files allow. Look-ups cost a few hash probes, whatever the
/// number of names.
#[derive(Clone, Debug)]
pub struct Exports {
    cluster_domain: Hostname,
    istio: HostSet,
    plain: HostSet,
    remote_hosts: HashMap<Hostname, Hostname>,
    dial_ports: HashMap<Hostname, Vec<DialPort>>,
}

impl Exports {
    pub(crate) fn new(cluster_domain: Hostname) -> Self {
        Self {
            cluster_domain,
            istio: HostSet::default(),
            plain: HostSet::default(),
            remote_hosts: HashMap::new(),
            dial_ports: HashMap::new(),
        }
    }

    /// Makes `alias` lead to `remote`; the first word about an alias stands.
    pub(crate) fn map_alias(&mut self, alias: Hostname, remote: Hostname) {
        self.remote_hosts.entry(alias).or_insert(remote);
    }

    pub(crate) fn add_dial_port(&mut self, host: Hostname, port: DialPort) {
        self.dial_ports.entry(host).or_default().push(port);
    }

    /// Allows `pattern`. Aliases must have been mapped before, so that an alias stands for its pod.
    pub(crate) fn allow(&mut self, dialect: Dialect, pattern: HostPattern, origin: Origin) {
        let pattern = match pattern {
            HostPattern::Exact(host) => HostPattern::Exact(self.dialled(host)),
            wildcard => wildcard,
        };
        match dialect {
            Dialect::Istio => self.istio.add(pattern, origin),
            Dialect::Plain => self.plain.add(pattern, origin),
        }
    }

    /// Whether nothing at all is exported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.istio.is_empty() && self.plain.is_empty()
    }

    /// Where a connection for `host` goes; `port` is the port in an Istio server name.
    ///
    /// # Errors
    /// [`Refusal`] says which rule forbids it and what would allow it.
    pub fn target(
        &self,
        dialect: Dialect,
        host: &str,
        port: Option<NonZeroU16>,
    ) -> Result<Target, Refusal> {
        let asked: Hostname = host
            .parse()
            .map_err(|reason: HostnameError| Refusal::invalid_name(host, reason))?;
        let dialled = self.dialled(asked.clone());
        if dialled.namespace(&self.cluster_domain).is_none() {
            let domain = self.cluster_domain.clone();
            return Err(Refusal::OutsideClusterDomain {
                asked,
                dialled,
                domain,
            });
        }
        let (own, other) = match dialect {
            Dialect::Istio => (&self.istio, &self.plain),
            Dialect::Plain => (&self.plain, &self.istio),
        };
        if let Some(origin) = own.find(&dialled) {
            let port = self.own_port(&dialled, port).unwrap_or(INBOUND_PORT);
            return Ok(Target {
                host: dialled,
                port,
                origin: origin.clone(),
            });
        }
        Err(match other.find(&dialled) {
            Some(origin) => Refusal::WrongDialect {
                dialled,
                sent: dialect,
                origin: origin.clone(),
            },
            None => Refusal::NotExported {
                asked,
                dialled,
                sent: dialect,
            },
        })
    }

    /// The name that stands behind `host`: an explicit mapping, the convention, or itself.
    pub(crate) fn dialled(&self, host: Hostname) -> Hostname {
        match self.remote_hosts.get(&host) {
            Some(remote) => remote.clone(),
            None => alias::remote_host(&host, &self.cluster_domain).unwrap_or(host),
        }
    }

    /// The entries of `hosts` for one form of server name, in the order of their names. An exact one
    /// is the pod that is dialled.
    pub(crate) fn entries(&self, dialect: Dialect) -> Vec<(HostPattern, Origin)> {
        match dialect {
            Dialect::Istio => self.istio.entries(),
            Dialect::Plain => self.plain.entries(),
        }
    }

    /// Every entry of `hosts` as it counts, with its place, in no order. An exact one is the pod that is
    /// dialled.
    pub fn written(&self) -> impl Iterator<Item = (Dialect, ExportedHost<'_>, &Origin)> {
        let istio = self.istio.written();
        let plain = self.plain.written();
        istio
            .map(|(host, at)| (Dialect::Istio, host, at))
            .chain(plain.map(|(host, at)| (Dialect::Plain, host, at)))
    }

    /// Whether an entry for this form of server name is `host` itself.
    #[must_use]
    pub fn has_exact(&self, dialect: Dialect, host: &Hostname) -> bool {
        match dialect {
            Dialect::Istio => self.istio.has_exact(host),
            Dialect::Plain => self.plain.has_exact(host),
        }
    }

    /// The ports by which a ServiceEntry of the gateway's own cluster tells where to dial at `host`.
    pub fn ports_of<'a>(
        &'a self,
        host: &Hostname,
    ) -> impl Iterator<Item = NonZeroU16> + Clone + use<'a> {
        let ports = self.dial_ports.get(host).map_or(&[][..], Vec::as_slice);
        ports.iter().map(|port| port.number)
    }

    /// The names that objects give to each host, in their order.
    pub(crate) fn told_names(&self) -> HashMap<&Hostname, Vec<&Hostname>> {
        let mut told: HashMap<_, Vec<_>> = HashMap::new();
        for (alias, remote) in &self.remote_hosts {
            told.entry(remote).or_default().push(alias);
        }
        told.values_mut().for_each(|names| names.sort());
        told
    }

    /// The names that lead to `host`: its own, its alias by convention, and what objects say, as
    /// [`Self::told_names`] has it.
    pub(crate) fn names_of(
        &self,
        host: &Hostname,
        told: &HashMap<&Hostname, Vec<&Hostname>>,
    ) -> Vec<Hostname> {
        let by_convention = alias::alias_host(host, &self.cluster_domain);
        let told = told.get(host).into_iter().flatten().copied().cloned();
        let all = [host.clone()].into_iter().chain(by_convention).chain(told);
        let mut names: Vec<Hostname> = Vec::new();
        for name in all.filter(|name| self.dialled(name.clone()) == *host) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The port to dial at `host`, where a ServiceEntry of the gateway's own cluster gives one.
    ///
    /// A plain name has no port: then the host's only dial port counts, if it has just one.
    pub(crate) fn own_port(
        &self,
        host: &Hostname,
        number: Option<NonZeroU16>,
    ) -> Option<NonZeroU16> {
        let ports = self.dial_ports.get(host).map_or(&[][..], Vec::as_slice);
        let found = match (number, ports) {
            (Some(number), ports) => ports.iter().find(|port| port.number == number),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        found.map(|port| port.dial)
    }
}

#[cfg(test)]
mod tests;
