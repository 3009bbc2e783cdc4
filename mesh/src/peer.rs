//! Who the far end of a route must be.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::finding::Origin;
use crate::spiffe::{Principal, SpiffePattern};

/// Stands for the trust domain of whoever asks.
pub const OWN_TRUST_DOMAIN: &str = "OWN-TRUST-DOMAIN";

/// The identities that a route's far end may prove; any one of them will do.
///
/// Parts that name no trust domain of their own (a service account, the default) hold for the
/// trust domain of the one who asks.
#[derive(Clone, Debug)]
pub struct PeerRule {
    accepted: Vec<Accepted>,
    /// Where that is written; two rules that accept the same are the same.
    origin: Option<Origin>,
}

impl PartialEq for PeerRule {
    fn eq(&self, other: &Self) -> bool {
        self.accepted == other.accepted
    }
}

impl Eq for PeerRule {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// `subjectAltNames` of a ServiceEntry or DestinationRule.
    Identity(SpiffePattern),
    /// `endpoints[].serviceAccount`, in the ServiceEntry's namespace (Istio, `conversion.go`).
    ServiceAccount { namespace: String, account: String },
    /// The default: whoever runs in the remote host's namespace.
    Namespace(String),
}

impl PeerRule {
    pub(crate) const fn new(accepted: Vec<Accepted>) -> Self {
        Self {
            accepted,
            origin: None,
        }
    }

    pub(crate) fn written_at(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    pub(crate) const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Whether this accepts nobody whom `wider` does not accept. Nobody knows here which trust domain
    /// will ask, so that an identity of any is taken for one of the namespace that it names.
    pub(crate) fn is_within(&self, wider: &Self) -> bool {
        let within = |one: &Accepted| wider.accepted.iter().any(|other| one.is_within(other));
        self.accepted.iter().all(within)
    }

    /// Whether `peer` may be at the far end, seen from a workload of `own_trust_domain`.
    #[must_use]
    pub fn allows(&self, peer: &Principal<'_>, own_trust_domain: &str) -> bool {
        let ours = peer.trust_domain == own_trust_domain;
        self.accepted.iter().any(|accepted| match accepted {
            Accepted::Identity(pattern) => pattern.matches(peer.trust_domain, peer.path),
            Accepted::ServiceAccount { namespace, account } => {
                ours && peer.namespace() == Some(namespace)
                    && peer.service_account() == Some(account)
            }
            Accepted::Namespace(namespace) => ours && peer.namespace() == Some(namespace),
        })
    }
}

impl Accepted {
    fn is_within(&self, wider: &Self) -> bool {
        match (self, wider) {
            (Self::Identity(one), Self::Identity(other)) => one.is_within(other),
            (Self::Identity(pattern), Self::Namespace(namespace)) => pattern.is_in(namespace, None),
            (Self::Identity(pattern), Self::ServiceAccount { namespace, account }) => {
                pattern.is_in(namespace, Some(account))
            }
            (Self::ServiceAccount { namespace, .. }, Self::Namespace(whole)) => namespace == whole,
            (one, other) => one == other,
        }
    }
}

impl PeerRule {
    /// The namespace of the other cluster of which any account is accepted, because none is named.
    #[must_use]
    pub fn whole_namespace(&self) -> Option<&str> {
        self.accepted.iter().find_map(|accepted| match accepted {
            Accepted::Namespace(namespace) => Some(namespace.as_str()),
            Accepted::Identity(_) | Accepted::ServiceAccount { .. } => None,
        })
    }

    /// Who is accepted, each for itself, seen from a workload of `own_trust_domain`.
    #[must_use]
    pub fn identities(&self, own_trust_domain: &str) -> Vec<String> {
        let one = |accepted: &Accepted| Self::new(vec![accepted.clone()]);
        let accepted = self.accepted.iter().map(one);
        accepted
            .map(|rule| rule.expected(own_trust_domain))
            .collect()
    }

    /// For messages: who is accepted, seen from a workload of `own_trust_domain`.
    #[must_use]
    pub fn expected(&self, own_trust_domain: &str) -> String {
        self.to_string().replace(OWN_TRUST_DOMAIN, own_trust_domain)
    }
}

/// For messages: `spiffe://OWN-TRUST-DOMAIN/ns/pxc/sa/*`, several joined with `or`.
impl fmt::Display for PeerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, accepted) in self.accepted.iter().enumerate() {
            if i > 0 {
                f.write_str(" or ")?;
            }
            match accepted {
                Accepted::Identity(pattern) => pattern.fmt(f)?,
                Accepted::ServiceAccount { namespace, account } => {
                    write!(f, "spiffe://{OWN_TRUST_DOMAIN}/ns/{namespace}/sa/{account}")?;
                }
                Accepted::Namespace(namespace) => {
                    write!(f, "spiffe://{OWN_TRUST_DOMAIN}/ns/{namespace}/sa/*")?;
                }
            }
        }
        Ok(())
    }
}

impl Serialize for PeerRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &PeerRule, trust_domain: &str, path: &str) -> bool {
        rule.allows(&Principal { trust_domain, path }, "cluster.local")
    }

    #[test]
    fn the_default_is_any_account_of_the_namespace_in_our_own_trust_domain() {
        let rule = PeerRule::new(vec![Accepted::Namespace("pxc".into())]);
        assert!(allows(&rule, "cluster.local", "/ns/pxc/sa/anyone"));
        assert!(!allows(&rule, "cluster.local", "/ns/other/sa/anyone"));
        assert!(!allows(&rule, "elsewhere", "/ns/pxc/sa/anyone"));
        assert!(!allows(&rule, "cluster.local", "/workload/pxc"));
    }

    #[test]
    fn a_service_account_holds_in_our_own_trust_domain_alone() {
        let rule = PeerRule::new(vec![Accepted::ServiceAccount {
            namespace: "pxc".into(),
            account: "db".into(),
        }]);
        assert!(allows(&rule, "cluster.local", "/ns/pxc/sa/db"));
        assert!(!allows(&rule, "cluster.local", "/ns/pxc/sa/other"));
        assert!(!allows(&rule, "elsewhere", "/ns/pxc/sa/db"));
    }

    #[test]
    fn a_full_identity_brings_its_own_trust_domain_and_any_of_several_will_do() {
        let rule = PeerRule::new(vec![
            Accepted::Identity("spiffe://elsewhere/ns/pxc/sa/db".parse().unwrap()),
            Accepted::Identity("spiffe://cluster.local/ns/pxc/sa/db".parse().unwrap()),
        ]);
        assert!(allows(&rule, "elsewhere", "/ns/pxc/sa/db"));
        assert!(allows(&rule, "cluster.local", "/ns/pxc/sa/db"));
        assert!(!allows(&rule, "third", "/ns/pxc/sa/db"));
    }

    #[test]
    fn a_rule_that_accepts_nothing_allows_nobody() {
        assert!(!allows(
            &PeerRule::new(Vec::new()),
            "cluster.local",
            "/ns/pxc/sa/db"
        ));
    }
}
