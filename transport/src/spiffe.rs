//! SPIFFE IDs: the names that peers prove with their certificates.
//!
//! The grammar is that of the SPIFFE-ID standard, sections 2.1 to 2.3, read strictly: nothing is
//! normalised, so two IDs are equal exactly when their bytes are.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// What every SPIFFE ID starts with.
const SCHEME: &str = "spiffe://";
/// Longest ID in bytes (SPIFFE-ID section 2.3).
const MAX_ID: usize = 2048;
/// Longest trust domain in bytes (SPIFFE-ID section 2.3).
const MAX_TRUST_DOMAIN: usize = 255;

/// The identity of a workload, e.g. `spiffe://cluster.local/ns/pxc/sa/default`.
///
/// An ID without a path stands for a whole trust domain and not for a workload (X.509-SVID section
/// 5.2), so none can be held here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: Box<str>,
    /// Where in `text` the path begins; always at a `/` after the trust domain.
    path_at: usize,
}

impl SpiffeId {
    /// The ID of an Istio service account: `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
    ///
    /// # Errors
    /// If one of the three holds characters that an ID cannot.
    pub fn for_service_account(
        trust_domain: &str,
        namespace: &str,
        account: &str,
    ) -> Result<Self, SpiffeIdError> {
        let text = format!("{SCHEME}{trust_domain}/ns/{namespace}/sa/{account}");
        // A `/` inside a part would move its rest to another part of the ID.
        for part in [trust_domain, namespace, account] {
            if part.contains('/') {
                return Err(SpiffeIdError::new(&text, Fault::Slash(part.to_owned())));
            }
        }
        text.parse()
    }

    /// The trust domain, e.g. `cluster.local`.
    pub fn trust_domain(&self) -> &str {
        self.text
            .get(SCHEME.len()..self.path_at)
            .unwrap_or_default()
    }

    /// The path with its leading slash, e.g. `/ns/pxc/sa/default`.
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// The namespace, where the path has Istio's form `/ns/NAMESPACE/sa/ACCOUNT`.
    pub fn namespace(&self) -> Option<&str> {
        self.istio_path().map(|(namespace, _)| namespace)
    }

    /// The service account, where the path has Istio's form `/ns/NAMESPACE/sa/ACCOUNT`.
    pub fn service_account(&self) -> Option<&str> {
        self.istio_path().map(|(_, account)| account)
    }

    /// The whole ID as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn istio_path(&self) -> Option<(&str, &str)> {
        let (namespace, account) = self.path().strip_prefix("/ns/")?.split_once("/sa/")?;
        (!namespace.contains('/') && !account.contains('/')).then_some((namespace, account))
    }
}

impl FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(text: &str) -> Result<Self, SpiffeIdError> {
        match path_start(text) {
            Ok(path_at) => Ok(Self {
                text: text.into(),
                path_at,
            }),
            Err(fault) => Err(SpiffeIdError::new(text, fault)),
        }
    }
}

/// Checks the whole of `text`, and says where its path begins.
fn path_start(text: &str) -> Result<usize, Fault> {
    if text.len() > MAX_ID {
        return Err(Fault::TooLong);
    }
    let rest = text.strip_prefix(SCHEME).ok_or(Fault::Scheme)?;
    let (trust_domain, path) = rest.split_once('/').ok_or(Fault::NoPath)?;
    if trust_domain.is_empty() || trust_domain.len() > MAX_TRUST_DOMAIN {
        return Err(Fault::TrustDomainLength);
    }
    let foreign = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
    if let Some(c) = trust_domain.chars().find(foreign) {
        return Err(Fault::TrustDomainCharacter(c));
    }
    if path.is_empty() {
        return Err(Fault::NoPath);
    }
    for segment in path.split('/') {
        match segment {
            "" => return Err(Fault::EmptySegment),
            "." | ".." => return Err(Fault::DotSegment),
            _ => {}
        }
        let foreign = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if let Some(c) = segment.chars().find(foreign) {
            return Err(Fault::PathCharacter(c));
        }
    }
    Ok(SCHEME.len() + trust_domain.len())
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is no SPIFFE ID of a workload, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a SPIFFE ID of a workload: {fault}")]
pub struct SpiffeIdError {
    text: String,
    fault: Fault,
}

impl SpiffeIdError {
    fn new(text: &str, fault: Fault) -> Self {
        let text = recognisable(text);
        Self { text, fault }
    }
}

/// Enough of a text to recognise it in a message; it may come from a peer, and then be as long as it
/// likes.
pub(crate) fn recognisable(text: &str) -> String {
    text.chars().take(200).collect()
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Fault {
    #[error(
        "it must start with \"spiffe://\", as in spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT"
    )]
    Scheme,
    #[error("it is longer than {MAX_ID} bytes")]
    TooLong,
    #[error("its trust domain must have 1 to {MAX_TRUST_DOMAIN} characters")]
    TrustDomainLength,
    #[error("its trust domain holds {0:?}; only a-z, 0-9, '.', '-' and '_' may stand there")]
    TrustDomainCharacter(char),
    #[error("it has no path; a workload's is /ns/NAMESPACE/sa/ACCOUNT")]
    NoPath,
    #[error("its path has an empty segment (a double slash, or one at the end)")]
    EmptySegment,
    #[error("its path has a segment \".\" or \"..\"")]
    DotSegment,
    #[error("its path holds {0:?}; only a-z, A-Z, 0-9, '.', '-' and '_' may stand there")]
    PathCharacter(char),
    #[error("{0:?} is one of its parts, and may not hold a slash")]
    Slash(String),
}
