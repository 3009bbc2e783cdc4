//! Who may be at the far end of a route.

use eastwest_mesh::{PeerRule, Principal, Route};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Identity, PeerPolicy};

/// The rule of one route, seen from our own trust domain.
#[derive(Debug)]
pub struct FarEnd {
    rule: PeerRule,
    own_trust_domain: String,
    certificate_name: Option<String>,
    origin: String,
}

impl FarEnd {
    /// Whom `route` asks for.
    #[must_use]
    pub fn of(route: &Route, identity: &Identity) -> Self {
        Self {
            rule: route.peer.clone(),
            own_trust_domain: identity.trust_domain().to_owned(),
            certificate_name: route.certificate_name.as_ref().map(ToString::to_string),
            origin: route.origin.to_string(),
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
        if self.rule.allows(&principal, &self.own_trust_domain) {
            return Ok(());
        }
        let expected = self.rule.expected(&self.own_trust_domain);
        Err(format!("the route ({}) expects {expected}", self.origin))
    }
}
