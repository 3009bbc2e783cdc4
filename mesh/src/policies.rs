//! Who may call a workload: AuthorizationPolicies, deny by default.
//!
//! Evaluated as Istio evaluates them on TCP: a matching DENY ends it, then one matching ALLOW is
//! needed. Unlike Istio, no ALLOW at all means nobody, not everybody.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::Arc;

use crate::finding::Origin;
use crate::spiffe::Principal;

mod denial;
mod rule;

pub use denial::Denial;
pub(crate) use rule::{Rule, Source, TextMatch, To};

/// Policies of this namespace hold in every namespace (Istio's default root namespace).
pub const ROOT_NAMESPACE: &str = "istio-system";

/// What a matching policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    Deny,
}

/// One AuthorizationPolicy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) action: Action,
    pub(crate) rules: Vec<Rule>,
    pub(crate) origin: Origin,
}

/// All AuthorizationPolicies of the files.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    policies: Vec<Arc<Policy>>,
}

/// The policies that hold for one workload.
#[derive(Clone, Debug, Default)]
pub struct InboundPolicy {
    deny: Vec<Arc<Policy>>,
    allow: Vec<Arc<Policy>>,
}

impl Policies {
    pub(crate) fn add(&mut self, policy: Policy) {
        self.policies.push(Arc::new(policy));
    }

    /// The policies that select a workload with these `labels` in `namespace`.
    #[must_use]
    pub fn inbound(&self, namespace: &str, labels: &BTreeMap<String, String>) -> InboundPolicy {
        let mut inbound = InboundPolicy::default();
        for policy in self
            .policies
            .iter()
            .filter(|policy| policy.selects(namespace, labels))
        {
            match policy.action {
                Action::Allow => inbound.allow.push(Arc::clone(policy)),
                Action::Deny => inbound.deny.push(Arc::clone(policy)),
            }
        }
        inbound
    }

    /// Whether the files have no AuthorizationPolicy that counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }
}

impl Policy {
    fn selects(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        (self.namespace == namespace || self.namespace == ROOT_NAMESPACE)
            && self
                .labels
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    }

    fn matches(&self, port: NonZeroU16, principal: &Principal<'_>) -> bool {
        self.rules.iter().any(|rule| rule.matches(port, principal))
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl InboundPolicy {
    /// Whether `principal` may call the app's `port`.
    ///
    /// # Errors
    /// [`Denial`] names the policy, or says that there is none.
    pub fn allows(&self, port: NonZeroU16, principal: &Principal<'_>) -> Result<(), Denial> {
        if let Some(policy) = self
            .deny
            .iter()
            .find(|policy| policy.matches(port, principal))
        {
            return Err(Denial::Denied {
                principal: principal.to_string(),
                port,
                policy: policy.full_name(),
                origin: policy.origin.clone(),
            });
        }
        if self.allow.is_empty() {
            return Err(Denial::NoAllowPolicy);
        }
        if self
            .allow
            .iter()
            .any(|policy| policy.matches(port, principal))
        {
            return Ok(());
        }
        Err(Denial::NotAllowed {
            principal: principal.to_string(),
            port,
            tried: self.allow.iter().map(|policy| policy.full_name()).collect(),
        })
    }

    /// Whether no policy selects the workload. `allows` then refuses everyone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deny.is_empty() && self.allow.is_empty()
    }
}

#[cfg(test)]
mod tests;
