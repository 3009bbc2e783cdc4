//! One rule of an AuthorizationPolicy: from whom, to which ports.

use std::fmt;
use std::num::NonZeroU16;

use crate::spiffe::Principal;

/// In a policy a pointer to the trust domain of the workload, whatever its name. It goes on to mean
/// `cluster.local` itself too: there is no list of trust domain aliases here that could.
const LOCAL_TRUST_DOMAIN: &str = "cluster.local";
/// `TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`
const IDENTITY_PARTS: usize = 5;

/// Matches if a source matches (or none is given) and an operation matches (or none is given).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) from: Vec<Source>,
    pub(crate) to: Vec<To>,
}

/// `from[].source`: every list that is not empty must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) principals: Vec<TextMatch>,
    pub(crate) not_principals: Vec<TextMatch>,
    pub(crate) namespaces: Vec<TextMatch>,
    pub(crate) not_namespaces: Vec<TextMatch>,
}

/// `to[].operation`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct To {
    pub(crate) ports: Vec<NonZeroU16>,
    pub(crate) not_ports: Vec<NonZeroU16>,
}

/// Istio's text match: `abc`, `abc*`, `*abc`, or `*` for anything that is there
/// (istio/api, `security/v1beta1/authorization_policy.proto`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextMatch {
    Present,
    Prefix(String),
    Suffix(String),
    Exact(String),
}

impl TextMatch {
    pub(crate) fn parse(text: &str) -> Self {
        if text == "*" {
            return Self::Present;
        }
        match (text.strip_suffix('*'), text.strip_prefix('*')) {
            (Some(prefix), _) => Self::Prefix(prefix.to_owned()),
            (None, Some(suffix)) => Self::Suffix(suffix.to_owned()),
            (None, None) => Self::Exact(text.to_owned()),
        }
    }

    /// Whether it is a whole identity of [`LOCAL_TRUST_DOMAIN`]. Istio leaves patterns of fewer
    /// parts as they are (`pkg/security/trustdomain/bundle.go`).
    fn points_to_own_trust_domain(&self) -> bool {
        let (Self::Exact(text) | Self::Prefix(text)) = self else {
            return false;
        };
        let mut parts = text.split('/');
        parts.next() == Some(LOCAL_TRUST_DOMAIN) && parts.count() == IDENTITY_PARTS - 1
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Present => !text.is_empty(),
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Exact(exact) => text == exact,
        }
    }
}

impl Rule {
    pub(super) fn matches(
        &self,
        port: NonZeroU16,
        principal: &Principal<'_>,
        own_trust_domain: &str,
    ) -> bool {
        let mut from = self.from.iter();
        (self.from.is_empty() || from.any(|source| source.matches(principal, own_trust_domain)))
            && self.is_about(port)
    }
}

impl Rule {
    /// Whether it says anything of a port.
    pub(super) fn is_about(&self, port: NonZeroU16) -> bool {
        self.to.is_empty() || self.to.iter().any(|to| to.matches(port))
    }

    /// The identities that it names, if it names its callers by nothing else.
    pub(super) fn principals(&self) -> Option<Vec<String>> {
        let mut named = Vec::new();
        for source in &self.from {
            let others = [
                &source.not_principals,
                &source.namespaces,
                &source.not_namespaces,
            ];
            if source.principals.is_empty() || others.iter().any(|list| !list.is_empty()) {
                return None;
            }
            let written = source.principals.iter();
            named.extend(written.map(|principal| format!("spiffe://{principal}")));
        }
        (!named.is_empty()).then_some(named)
    }
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("*"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Exact(exact) => f.write_str(exact),
        }
    }
}

impl Source {
    fn matches(&self, principal: &Principal<'_>, own_trust_domain: &str) -> bool {
        // Istio writes a principal without its scheme: cluster.local/ns/pxc/sa/db.
        let name = format!("{}{}", principal.trust_domain, principal.path);
        let namespace = principal.namespace();
        let local = (principal.trust_domain == own_trust_domain)
            .then(|| format!("{LOCAL_TRUST_DOMAIN}{}", principal.path));
        let is_named = |list: &[TextMatch]| {
            let by_pointer = |m: &TextMatch| {
                m.points_to_own_trust_domain() && local.as_deref().is_some_and(|l| m.matches(l))
            };
            list.iter().any(|m| m.matches(&name) || by_pointer(m))
        };
        let any = |list: &[TextMatch], text: &str| list.iter().any(|m| m.matches(text));
        (self.principals.is_empty() || is_named(&self.principals))
            && !is_named(&self.not_principals)
            && (self.namespaces.is_empty()
                || namespace.is_some_and(|namespace| any(&self.namespaces, namespace)))
            && !namespace.is_some_and(|namespace| any(&self.not_namespaces, namespace))
    }
}

impl To {
    fn matches(&self, port: NonZeroU16) -> bool {
        (self.ports.is_empty() || self.ports.contains(&port)) && !self.not_ports.contains(&port)
    }
}
