//! Who may call, kept in step with the manifests: nobody, where something could not be read that may
//! forbid it.

use std::collections::BTreeMap;
use std::sync::Arc;

use eastwest_daemon::{Blocker, Readiness};
use eastwest_mesh::{Finding, InboundPolicy, Mesh, Workload};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Identity, IdentityError, IdentityStore};

use crate::args::InboundArgs;
use crate::inbound::{AllowRule, Allowed};

#[cfg(test)]
mod tests;

/// What decides who may call, beside the manifests as they are now.
#[derive(Debug)]
pub(crate) struct Callers {
    rules: Vec<AllowRule>,
    labels: BTreeMap<String, String>,
}

/// Stands in the way of being ready where the pod has no identity yet, until the list has been read with it: a
/// caller that came in between would be turned away for good.
pub(crate) fn unlisted(identity: &IdentityStore, readiness: &Readiness) -> Option<Blocker> {
    identity.current().err()?;
    let blocker = readiness.blocker("callers");
    blocker.set("who may call is known once there is a certificate");
    Some(blocker)
}

/// AuthorizationPolicies are there, and which of them hold cannot be told.
#[derive(Debug, thiserror::Error)]
#[error(
    "the pod's identity {0} names no namespace (spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT), so \
     which AuthorizationPolicies of the manifests hold for it cannot be told; take them out and \
     use --allow, or give the pod such an identity"
)]
pub(crate) struct NoNamespace(SpiffeId);

impl Callers {
    pub(crate) fn new(args: &InboundArgs) -> Self {
        Self {
            rules: args.allow.clone(),
            labels: args.labels.iter().cloned().collect(),
        }
    }

    /// The list for a pod with this identity: nobody, as long as there is none.
    ///
    /// # Errors
    /// When the identity names no namespace and there are policies.
    pub(crate) fn read(
        &self,
        mesh: &Mesh,
        identity: &Result<Arc<Identity>, Arc<IdentityError>>,
    ) -> Result<Allowed, NoNamespace> {
        match identity {
            Ok(identity) => self.of(mesh, identity.id()),
            Err(_) => Ok(Allowed::new(
                Vec::new(),
                InboundPolicy::closed(
                    "which AuthorizationPolicies hold is said by the pod's certificate, and there is \
                     none yet"
                        .to_owned(),
                ),
            )),
        }
    }

    fn of(&self, mesh: &Mesh, id: &SpiffeId) -> Result<Allowed, NoNamespace> {
        if id.namespace().is_none() && !mesh.policies.is_empty() {
            return Err(NoNamespace(id.clone()));
        }
        let workload = Workload {
            trust_domain: id.trust_domain(),
            namespace: id.namespace().unwrap_or_default(),
            labels: &self.labels,
        };
        for policy in mesh.policies.assumed(&workload) {
            tracing::warn!(
                "the DENY policy {policy} selects pods by their labels, and no --label says those \
                 of this pod: it is taken to be about this pod too"
            );
        }
        Ok(match mesh.unread.callers().first() {
            Some(first) => closed(first),
            None => Allowed::new(self.rules.clone(), mesh.policies.inbound(&workload)),
        })
    }
}

/// Nobody, not even by `--allow`, which a DENY outweighs. It comes to that at the start only: later
/// such a set is refused, unless the one in force lacks the same.
fn closed(first: &Finding) -> Allowed {
    let why = format!(
        "the manifest at {} could not be read and may hold an AuthorizationPolicy with action DENY",
        first.origin
    );
    tracing::error!("nobody may call until this is mended: {why}");
    Allowed::new(Vec::new(), InboundPolicy::closed(why))
}
