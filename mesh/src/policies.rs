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

/// Where a policy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespace(String),
    Everywhere,
}

/// One AuthorizationPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) full_name: String,
    pub(crate) scope: Scope,
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

/// The workload that is called.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// Its trust domain, which a principal may call `cluster.local`.
    pub trust_domain: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its labels. None at all means that nobody knows them, as every pod of a workload has some.
    pub labels: &'a BTreeMap<String, String>,
}

/// The policies that hold for one workload.
#[derive(Clone, Debug, Default)]
pub struct InboundPolicy {
    trust_domain: String,
    deny: Vec<Arc<Policy>>,
    allow: Vec<Arc<Policy>>,
    closed: Option<String>,
}

impl Policies {
    pub(crate) fn add(&mut self, policy: Policy) {
        self.policies.push(Arc::new(policy));
    }

    /// The policies that select `workload`.
    #[must_use]
    pub fn inbound(&self, workload: &Workload<'_>) -> InboundPolicy {
        let mut inbound = InboundPolicy {
            trust_domain: workload.trust_domain.to_owned(),
            ..InboundPolicy::default()
        };
        for policy in self
            .policies
            .iter()
            .filter(|policy| policy.selects(workload))
        {
            match policy.action {
                Action::Allow => inbound.allow.push(Arc::clone(policy)),
                Action::Deny => inbound.deny.push(Arc::clone(policy)),
            }
        }
        inbound
    }

    /// Names of the DENY policies that select `workload` for no better reason than that its labels
    /// are not known.
    #[must_use]
    pub fn assumed(&self, workload: &Workload<'_>) -> Vec<String> {
        let assumed = |policy: &&Arc<Policy>| {
            workload.labels.is_empty() && !policy.labels.is_empty() && policy.selects(workload)
        };
        let assumed = self.policies.iter().filter(assumed);
        assumed.map(|policy| policy.full_name.clone()).collect()
    }

    /// What each says, without the place where it is written. A name may stand for several: a DENY
    /// counts even if there is another of its name.
    pub(crate) fn by_name(&self) -> BTreeMap<String, Vec<Policy>> {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for policy in &self.policies {
            let mut unplaced = Policy::clone(policy);
            unplaced.origin = Origin::nowhere();
            all.entry(policy.full_name.clone())
                .or_default()
                .push(unplaced);
        }
        all
    }

    /// Whether the files have no AuthorizationPolicy that counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }
}

impl Policy {
    fn selects(&self, workload: &Workload<'_>) -> bool {
        let labels = workload.labels;
        let here = match &self.scope {
            Scope::Namespace(namespace) => namespace == workload.namespace,
            Scope::Everywhere => true,
        };
        let unknown = labels.is_empty() && self.action == Action::Deny;
        let selected = |(key, value)| labels.get(key) == Some(value);
        here && (unknown || self.labels.iter().all(selected))
    }

    fn matches(&self, port: NonZeroU16, principal: &Principal<'_>, own: &str) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.matches(port, principal, own))
    }
}

impl InboundPolicy {
    /// Lets nobody in, because of `why`.
    #[must_use]
    pub fn closed(why: String) -> Self {
        Self {
            closed: Some(why),
            ..Self::default()
        }
    }

    /// Whether `principal` may call the app's `port`.
    ///
    /// # Errors
    /// [`Denial`] names the policy, or says that there is none.
    pub fn allows(&self, port: NonZeroU16, principal: &Principal<'_>) -> Result<(), Denial> {
        if let Some(why) = &self.closed {
            return Err(Denial::Closed { why: why.clone() });
        }
        let matches = |policy: &&Arc<Policy>| policy.matches(port, principal, &self.trust_domain);
        if let Some(policy) = self.deny.iter().find(matches) {
            return Err(Denial::Denied {
                principal: principal.to_string(),
                port,
                policy: policy.full_name.clone(),
                origin: policy.origin.clone(),
            });
        }
        if self.allow.is_empty() {
            return Err(Denial::NoAllowPolicy);
        }
        if self.allow.iter().find(matches).is_some() {
            return Ok(());
        }
        Err(Denial::NotAllowed {
            principal: principal.to_string(),
            port,
            tried: self
                .allow
                .iter()
                .map(|policy| policy.full_name.clone())
                .collect(),
        })
    }

    /// The policies that bear on the app's `port`, in a sentence each.
    #[must_use]
    pub fn sentences(&self, port: NonZeroU16) -> Vec<String> {
        let about = |policy: &&Arc<Policy>| policy.rules.iter().any(|rule| rule.is_about(port));
        let deny = self.deny.iter().filter(about).map(|policy| {
            let Policy {
                full_name, origin, ..
            } = &**policy;
            format!("the AuthorizationPolicy {full_name} at {origin} keeps callers out, whoever lets them in")
        });
        let allow = self.allow.iter().filter(about).map(|policy| {
            let Policy {
                full_name, origin, ..
            } = &**policy;
            format!("the AuthorizationPolicy {full_name} at {origin} lets callers in")
        });
        deny.chain(allow).collect()
    }

    /// Whom the policies let in to the app's `port`, as far as they name identities: as Istio writes
    /// them, with the scheme. Where one lets in others as well, that is said in words.
    #[must_use]
    pub fn callers(&self, port: NonZeroU16) -> Vec<String> {
        let mut callers = Vec::new();
        for policy in &self.allow {
            for rule in policy.rules.iter().filter(|rule| rule.is_about(port)) {
                match rule.principals() {
                    Some(principals) => callers.extend(principals),
                    None => callers.push(format!("whoever {} lets in", policy.full_name)),
                }
            }
        }
        callers.dedup();
        callers
    }

    /// Why nobody may call, whatever the policies say.
    #[must_use]
    pub fn why_closed(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// Whether no policy selects the workload. `allows` then refuses everyone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deny.is_empty() && self.allow.is_empty() && self.closed.is_none()
    }
}

#[cfg(test)]
mod tests;
