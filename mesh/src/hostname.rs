//! DNS names, checked once where they enter.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Longest name in presentation form without the trailing dot (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 253;
/// Longest label in bytes (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

/// A DNS name: lower-case, no trailing dot, labels of letters, digits, `-` and `_`.
///
/// `_` is allowed because Istio's SNI names use it; a last label of digits alone is not, as the
/// name would then be an address (RFC 1123 section 2.1). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(Arc<str>);

/// Why a text is no [`Hostname`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostnameError {
    /// Nothing there, or a lone dot.
    #[error("it is empty")]
    Empty,
    /// More than 253 bytes.
    #[error("it is {0} bytes long and a DNS name has 253 at most")]
    TooLong(usize),
    /// Two dots in a row, or a dot in front.
    #[error("it has an empty label (two dots in a row, or a leading dot)")]
    EmptyLabel,
    /// A label of more than 63 bytes.
    #[error("it has a label of {0} bytes and a DNS label has 63 at most")]
    LabelTooLong(usize),
    /// A character outside `[A-Za-z0-9_-]`.
    #[error("it has the character {0:?}; only letters, digits, '-', '_' and dots may be there")]
    BadCharacter(char),
    /// A label that begins or ends with `-`.
    #[error("it has a label that begins or ends with '-'")]
    Hyphen,
    /// The last label is a number, so this is an address or a slip of one.
    #[error("its last label is a number, so it is not a name")]
    Numeric,
    /// A `*`, where only an exact name makes sense.
    #[error("it is a wildcard, and one exact name is needed")]
    Wildcard,
}

impl Hostname {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels from left to right.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether this name lies below `domain` (and is not `domain` itself).
    #[must_use]
    pub fn is_below(&self, domain: &Self) -> bool {
        self.strip_domain(domain).is_some()
    }

    /// What stands in front of `.domain`.
    #[must_use]
    pub fn strip_domain(&self, domain: &Self) -> Option<&str> {
        self.0
            .strip_suffix(domain.as_str())?
            .strip_suffix('.')
            .filter(|front| !front.is_empty())
    }

    /// The namespace of a Kubernetes service or pod name: the label in front of `svc.DOMAIN`.
    #[must_use]
    pub fn namespace(&self, cluster_domain: &Self) -> Option<&str> {
        let front = self.strip_domain(cluster_domain)?.strip_suffix(".svc")?;
        front.rsplit_once('.').map(|(_, namespace)| namespace)
    }
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(HostnameError::Empty);
        }
        if name.contains('*') {
            return Err(HostnameError::Wildcard);
        }
        if name.len() > MAX_NAME {
            return Err(HostnameError::TooLong(name.len()));
        }
        let labels = Labels::read(name)?;
        if labels.last_is_number {
            return Err(HostnameError::Numeric);
        }
        Ok(Self(if labels.upper_case {
            name.to_ascii_lowercase().into()
        } else {
            name.into()
        }))
    }
}

/// What one pass over a name finds; a gateway reads one for each connection.
struct Labels {
    last_is_number: bool,
    upper_case: bool,
}

impl Labels {
    fn read(name: &str) -> Result<Self, HostnameError> {
        let bytes = name.as_bytes();
        let (mut start, mut number, mut upper_case) = (0, true, false);
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b'.' => {
                    check_label(&bytes[start..at])?;
                    (start, number) = (at + 1, true);
                }
                b'0'..=b'9' => {}
                b'a'..=b'z' | b'-' | b'_' => number = false,
                b'A'..=b'Z' => (number, upper_case) = (false, true),
                _ => {
                    // All before it is ASCII, so that a character begins here.
                    let bad = name[at..].chars().next().unwrap_or_default();
                    return Err(HostnameError::BadCharacter(bad));
                }
            }
        }
        check_label(&bytes[start..])?;
        Ok(Self {
            last_is_number: number,
            upper_case,
        })
    }
}

fn check_label(label: &[u8]) -> Result<(), HostnameError> {
    match label {
        [] => Err(HostnameError::EmptyLabel),
        _ if label.len() > MAX_LABEL => Err(HostnameError::LabelTooLong(label.len())),
        [b'-', ..] | [.., b'-'] => Err(HostnameError::Hyphen),
        _ => Ok(()),
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl AsRef<str> for Hostname {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Hostname {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Hostname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
