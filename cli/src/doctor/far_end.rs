//! Who may be at the far end of a route, as the shim judges it.

use eastwest_mesh::{PeerRule, Principal, Route};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Identity, PeerPolicy};

/// The rule of one route, seen from our trust domain.
#[derive(Debug)]
pub(super) struct FarEnd {
    rule: PeerRule,
    trust_domain: String,
    certificate_name: Option<String>,
}

impl FarEnd {
    pub(super) fn of(route: &Route, identity: &Identity) -> Self {
        Self {
            rule: route.peer.clone(),
            trust_domain: identity.trust_domain().to_owned(),
            certificate_name: route.certificate_name.as_ref().map(ToString::to_string),
        }
    }
}

impl PeerPolicy for FarEnd {
    fn dns_name(&self) -> Option<&str> {
        self.certificate_name.as_deref()
    }

    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        let principal = Principal {
            trust_domain: peer.trust_domain(),
            path: peer.path(),
        };
        match self.rule.allows(&principal, &self.trust_domain) {
            true => Ok(()),
            false => Err(format!(
                "the route expects {}",
                self.rule.expected(&self.trust_domain)
            )),
        }
    }
}
