//! SPIFFE identities as patterns. The identity itself comes from a verified certificate.

use std::fmt;
use std::str::FromStr;

/// Who a peer has proved to be: the two parts of `spiffe://TRUST_DOMAIN/PATH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal<'a> {
    /// The trust domain, such as `cluster.local`.
    pub trust_domain: &'a str,
    /// The path with its leading slash, such as `/ns/pxc/sa/db`.
    pub path: &'a str,
}

impl<'a> Principal<'a> {
    /// The Kubernetes namespace of `/ns/NAMESPACE/sa/ACCOUNT`, Istio's form of a path.
    #[must_use]
    pub fn namespace(&self) -> Option<&'a str> {
        self.workload().map(|(namespace, _)| namespace)
    }

    /// The Kubernetes service account of `/ns/NAMESPACE/sa/ACCOUNT`.
    #[must_use]
    pub fn service_account(&self) -> Option<&'a str> {
        self.workload().map(|(_, account)| account)
    }

    fn workload(&self) -> Option<(&'a str, &'a str)> {
        let (namespace, account) = self.path.strip_prefix("/ns/")?.split_once("/sa/")?;
        let plain = |part: &str| !part.is_empty() && !part.contains('/');
        (plain(namespace) && plain(account)).then_some((namespace, account))
    }
}

impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}{}", self.trust_domain, self.path)
    }
}

/// A pattern over SPIFFE IDs: `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`, in which `*` may
/// stand for one whole part, as in `spiffe://cluster.local/ns/pxc/sa/*`. A `*` never spans a slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SpiffePattern {
    trust_domain: Part,
    path: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    Any,
    Exact(Box<str>),
}

/// Why a text is no [`SpiffePattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpiffePatternError {
    /// Not a SPIFFE URI at all.
    #[error("it must begin with spiffe://")]
    Scheme,
    /// No path, or an empty part in it.
    #[error("it must read spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT, with no empty part")]
    EmptyPart,
    /// `*` together with other text in one part.
    #[error("'*' must stand for one whole part between slashes, not for a piece of one")]
    PartialWildcard,
    /// A character that SPIFFE IDs do not have (SPIFFE-ID section 2).
    #[error("it has the character {0:?}, which no SPIFFE ID has")]
    BadCharacter(char),
}

impl SpiffePattern {
    /// Whether the identity made of `trust_domain` and `path` (with its leading slash) is meant.
    #[must_use]
    pub fn matches(&self, trust_domain: &str, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else {
            return false;
        };
        let mut parts = path.split('/');
        self.trust_domain.matches(trust_domain)
            && self
                .path
                .iter()
                .all(|part| parts.next().is_some_and(|text| part.matches(text)))
            && parts.next().is_none()
    }

    /// Whether there is a `*` in it.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        std::iter::once(&self.trust_domain)
            .chain(&self.path)
            .any(|part| matches!(part, Part::Any))
    }

    /// Whether `wider` means everybody whom this means.
    pub(crate) fn is_within(&self, wider: &Self) -> bool {
        let mut parts = self.path.iter().zip(&wider.path);
        self.trust_domain.is_within(&wider.trust_domain)
            && self.path.len() == wider.path.len()
            && parts.all(|(one, other)| one.is_within(other))
    }

    /// Whether this means workloads of `namespace` alone, in one trust domain, and of `account` alone if
    /// one is given.
    pub(crate) fn is_in(&self, namespace: &str, account: Option<&str>) -> bool {
        let [ns, its_namespace, sa, its_account] = self.path.as_slice() else {
            return false;
        };
        self.trust_domain != Part::Any
            && ns.is("ns")
            && its_namespace.is(namespace)
            && sa.is("sa")
            && account.is_none_or(|account| its_account.is(account))
    }
}

impl Part {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => !text.is_empty(),
            Self::Exact(exact) => **exact == *text,
        }
    }

    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Exact(exact) if **exact == *text)
    }

    fn is_within(&self, wider: &Self) -> bool {
        *wider == Self::Any || self == wider
    }

    fn parse(text: &str) -> Result<Self, SpiffePatternError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match text {
            "" => Err(SpiffePatternError::EmptyPart),
            "*" => Ok(Self::Any),
            _ if text.contains('*') => Err(SpiffePatternError::PartialWildcard),
            _ => match text.chars().find(|&c| !allowed(c)) {
                Some(bad) => Err(SpiffePatternError::BadCharacter(bad)),
                None => Ok(Self::Exact(text.into())),
            },
        }
    }
}

impl FromStr for SpiffePattern {
    type Err = SpiffePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix("spiffe://")
            .ok_or(SpiffePatternError::Scheme)?;
        let (trust_domain, path) = rest.split_once('/').ok_or(SpiffePatternError::EmptyPart)?;
        Ok(Self {
            trust_domain: Part::parse(trust_domain)?,
            path: path.split('/').map(Part::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "*",
            Self::Exact(text) => text,
        })
    }
}

impl fmt::Display for SpiffePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}", self.trust_domain)?;
        self.path.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

impl fmt::Debug for SpiffePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests;
