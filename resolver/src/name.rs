//! Domain names as lower-case wire bytes, the form in which they are compared.
//!
//! One length octet and the label for each label (RFC 1035 section 3.1), ASCII letters in lower
//! case (RFC 4343), without the final zero octet of the root. A suffix of the name is a suffix of
//! the bytes, so a look-up below a search domain needs no allocation.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use hickory_proto::rr::Name;

/// A name that is too long, has an empty label, or has a label of more than 63 octets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a domain name: {why}")]
pub struct InvalidDomain {
    name: String,
    why: String,
}

/// A domain name, compared without regard to case. The root is the empty name.
#[derive(Clone)]
pub struct Domain {
    wire: Box<[u8]>,
    name: Name,
}

impl Domain {
    /// The lower-case wire bytes, without the root's zero octet.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// The same name, in lower case, for use in a DNS message.
    pub(crate) fn as_name(&self) -> &Name {
        &self.name
    }
}

impl FromStr for Domain {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why: String| InvalidDomain {
            name: text.to_owned(),
            why,
        };
        let mut name = Name::from_ascii(text)
            .map_err(|error| invalid(error.to_string()))?
            .to_lowercase();
        name.set_fqdn(true);
        let wire = LowerWire::new(&name).ok_or_else(|| invalid("longer than 255 octets".into()))?;
        Ok(Self {
            wire: wire.as_bytes().into(),
            name,
        })
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Domain {}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

/// Equality and hash are those of the wire bytes, so a question's name finds its alias as it is.
impl Borrow<[u8]> for Domain {
    fn borrow(&self) -> &[u8] {
        &self.wire
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wire.is_empty() {
            return f.write_str(".");
        }
        for (index, label) in labels(&self.wire).enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{}", label.escape_ascii())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The name of a question, brought into the form of [`Domain`] on the stack.
pub(crate) struct LowerWire {
    bytes: [u8; 255],
    len: usize,
}

impl LowerWire {
    /// `None` for a name of more than 255 octets, which no message can carry.
    pub(crate) fn new(name: &Name) -> Option<Self> {
        let mut wire = Self {
            bytes: [0; 255],
            len: 0,
        };
        for label in name.iter() {
            let length = u8::try_from(label.len()).ok()?;
            *wire.bytes.get_mut(wire.len)? = length;
            let start = wire.len + 1;
            let end = start + label.len();
            let room = wire.bytes.get_mut(start..end)?;
            room.copy_from_slice(label);
            room.make_ascii_lowercase();
            wire.len = end;
        }
        Some(wire)
    }

    /// Of a name in wire form with the root's zero octet, as a message has it. `None` for one of
    /// more than 255 octets.
    pub(crate) fn read(wire: &[u8]) -> Option<Self> {
        let (_root, labels) = wire.split_last()?;
        let mut bytes = [0; 255];
        let room = bytes.get_mut(..labels.len())?;
        room.copy_from_slice(labels);
        // Lengths are below 64, in front of all letters.
        room.make_ascii_lowercase();
        let len = labels.len();
        Some(Self { bytes, len })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The labels of a name in wire form, first label first.
pub(crate) fn labels(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (&length, tail) = rest.split_first()?;
        let (label, tail) = tail.split_at_checked(usize::from(length))?;
        rest = tail;
        Some(label)
    })
}

/// What stands before `domain` in a name that ends in it, cut between two labels.
pub(crate) fn strip_domain<'w>(wire: &'w [u8], domain: &[u8]) -> Option<&'w [u8]> {
    let front = wire.strip_suffix(domain)?;
    let whole: usize = labels(front).map(|label| label.len() + 1).sum();
    (whole == front.len()).then_some(front)
}

/// Every way to cut a name in two between labels, neither part empty, longest first part first.
pub(crate) fn cuts(wire: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut ends = [0_u8; 128];
    let mut count = 0;
    let mut end = 0;
    for label in labels(wire) {
        end += label.len() + 1;
        if let (Some(slot), Ok(offset)) = (ends.get_mut(count), u8::try_from(end)) {
            *slot = offset;
            count += 1;
        }
    }
    (0..count.saturating_sub(1)).rev().filter_map(move |index| {
        let end = ends.get(index)?;
        wire.split_at_checked(usize::from(*end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_whatever_their_case_and_final_dot() {
        let one: Domain = "SRC-Hello-0.demo.".parse().unwrap();
        let two: Domain = "src-hello-0.DEMO".parse().unwrap();
        assert_eq!(one, two);
        assert_eq!(one.to_string(), "src-hello-0.demo");
    }

    #[test]
    fn an_empty_label_is_refused_with_the_name_in_the_message() {
        let error = "a..b".parse::<Domain>().unwrap_err().to_string();
        assert!(
            error.starts_with("\"a..b\" is not a domain name: "),
            "{error}"
        );
    }

    #[test]
    fn a_name_of_more_than_255_octets_is_refused() {
        let long = vec!["a".repeat(60); 5].join(".");
        assert!(long.parse::<Domain>().is_err());
    }

    #[test]
    fn cuts_come_longest_first_and_never_empty() {
        let name: Domain = "a.b.c".parse().unwrap();
        let cuts: Vec<_> = cuts(name.as_bytes()).collect();
        assert_eq!(
            cuts,
            [
                (&b"\x01a\x01b"[..], &b"\x01c"[..]),
                (&b"\x01a"[..], &b"\x01b\x01c"[..])
            ]
        );
    }

    #[test]
    fn a_domain_inside_a_label_is_not_stripped() {
        let domain: Domain = "b.c".parse().unwrap();
        assert_eq!(
            strip_domain(b"\x01a\x01b\x01c", domain.as_bytes()),
            Some(&b"\x01a"[..])
        );
        assert_eq!(strip_domain(b"\x05a\x01b\x01c", domain.as_bytes()), None);
    }

    #[test]
    fn a_label_with_a_dot_in_it_is_not_two_labels() {
        let escaped: Domain = "a\\.b.c".parse().unwrap();
        let plain: Domain = "a.b.c".parse().unwrap();
        assert_ne!(escaped, plain);
    }
}
