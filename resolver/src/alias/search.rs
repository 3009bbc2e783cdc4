//! The search domains that a stub resolver may put behind an alias.
//!
//! A pod's resolv.conf has `ndots:5` and `search NS.svc.DOMAIN svc.DOMAIN DOMAIN`, and an alias
//! such as `src-hello-0.demo.svc.cluster.local` has four dots: the pod asks for
//! `src-hello-0.demo.svc.cluster.local.demo.svc.cluster.local` first. Answering that form ends the
//! look-up at its first question. Istio's ztunnel does the same for every search domain.

use crate::name::{self, Domain};

/// Suffixes after which the name in front of them may be an alias.
#[derive(Debug, Clone)]
pub struct SearchDomains {
    cluster: Domain,
    /// A few: looking at each takes less than hashing a name.
    listed: Vec<Domain>,
}

impl SearchDomains {
    /// Those of any pod of the cluster (`DOMAIN`, `svc.DOMAIN`, `NAMESPACE.svc.DOMAIN`), and those
    /// listed, which come from resolv.conf or a flag. A listed root domain means nothing.
    pub fn new(cluster: Domain, listed: impl IntoIterator<Item = Domain>) -> Self {
        let listed = listed
            .into_iter()
            .filter(|domain| !domain.as_bytes().is_empty())
            .collect();
        Self { cluster, listed }
    }

    /// What `wire` has in front of each search domain that it ends in, the longest first. Nothing of
    /// a name that the cluster's own DNS may have: an alias `db.pxc` must not hide the Service `db`
    /// of namespace `pxc`, whose name is `db.pxc.svc.DOMAIN`.
    pub(crate) fn fronts<'w>(&self, wire: &'w [u8]) -> impl Iterator<Item = &'w [u8]> {
        let cuts = (!self.may_be_kubernetes(wire)).then(|| name::cuts(wire));
        let fronts = cuts.into_iter().flatten();
        fronts.filter_map(|(front, domain)| self.is_search(domain).then_some(front))
    }

    fn is_search(&self, domain: &[u8]) -> bool {
        let mut listed = self.listed.iter();
        self.is_cluster_search(domain) || listed.any(|listed| listed.as_bytes() == domain)
    }

    fn is_cluster_search(&self, domain: &[u8]) -> bool {
        let Some(front) = name::strip_domain(domain, self.cluster.as_bytes()) else {
            return false;
        };
        let mut labels = name::labels(front);
        match (labels.next(), labels.next(), labels.next()) {
            (None, ..) => true,
            (Some(only), None, _) => only == b"svc",
            (Some(_namespace), Some(last), None) => last == b"svc",
            _ => false,
        }
    }

    /// `SERVICE.NS.svc`, `HOST.SERVICE.NS.svc`, `IP.NS.pod` and `IP.SERVICE.NS.pod` below the
    /// cluster domain: all the address records of the Kubernetes DNS specification 1.1.0.
    fn may_be_kubernetes(&self, wire: &[u8]) -> bool {
        let Some(front) = name::strip_domain(wire, self.cluster.as_bytes()) else {
            return false;
        };
        let labels = name::labels(front).count();
        let last = name::labels(front).last();
        labels <= 4 && matches!(last, Some(b"svc" | b"pod"))
    }
}
