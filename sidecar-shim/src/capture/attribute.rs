//! Netlink attributes: length, type, value, padded to four bytes, nested at will.
//!
//! Layout: `struct nlattr` in the kernel's `include/uapi/linux/netlink.h`.

/// Length of the header of one attribute.
const HEADER: usize = 4;
/// `NLA_F_NESTED`: the value is itself a list of attributes.
const NESTED: u16 = 0x8000;
/// What is left of the type field without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
const TYPE_MASK: u16 = 0x3fff;

/// A list of attributes being written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Attributes(Vec<u8>);

impl Attributes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn bytes(mut self, kind: u16, value: &[u8]) -> Self {
        // Nothing written here comes near 64 KiB; an overlong value is refused by the kernel.
        let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// A NUL-terminated string.
    pub(super) fn string(self, kind: u16, value: &str) -> Self {
        let mut terminated = value.as_bytes().to_vec();
        terminated.push(0);
        self.bytes(kind, &terminated)
    }

    /// A number in network order, as nf_tables wants all of its own.
    pub(super) fn be32(self, kind: u16, value: u32) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    pub(super) fn nested(self, kind: u16, inner: &Self) -> Self {
        self.bytes(kind | NESTED, &inner.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes that do not follow the attribute layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A list of attributes as read.
#[derive(Debug)]
pub(super) struct Parsed<'a>(Vec<(u16, &'a [u8])>);

impl<'a> Parsed<'a> {
    pub(super) fn parse(mut bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut list = Vec::new();
        while let [l0, l1, k0, k1, ..] = *bytes {
            let length = usize::from(u16::from_ne_bytes([l0, l1]));
            let kind = u16::from_ne_bytes([k0, k1]) & TYPE_MASK;
            list.push((kind, bytes.get(HEADER..length).ok_or(Malformed)?));
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(Self(list))
    }

    pub(super) fn bytes(&self, kind: u16) -> Option<&'a [u8]> {
        self.0
            .iter()
            .find(|(k, _)| *k == kind)
            .map(|(_, value)| *value)
    }

    pub(super) fn string(&self, kind: u16) -> Option<&'a str> {
        let value = self.bytes(kind)?;
        std::str::from_utf8(value.strip_suffix(&[0]).unwrap_or(value)).ok()
    }

    pub(super) fn be32(&self, kind: u16) -> Option<u32> {
        self.bytes(kind)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A nested list; absent or malformed is `None`.
    pub(super) fn nested(&self, kind: u16) -> Option<Self> {
        Self::parse(self.bytes(kind)?).ok()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_written() {
        let inner = Attributes::new().be32(1, 7);
        let written = Attributes::new()
            .string(1, "eastwest")
            .nested(2, &inner)
            .bytes(3, &[1, 2, 3, 4, 5]);
        let read = Parsed::parse(written.as_bytes()).unwrap();
        assert_eq!(read.string(1), Some("eastwest"));
        assert_eq!(read.nested(2).unwrap().be32(1), Some(7));
        assert_eq!(read.bytes(3), Some(&[1, 2, 3, 4, 5][..]));
        assert_eq!(read.bytes(4), None);
    }

    #[test]
    fn pads_every_attribute_to_four_bytes() {
        assert_eq!(Attributes::new().bytes(1, &[9]).as_bytes().len(), 8);
    }

    #[test]
    fn refuses_a_length_beyond_the_end() {
        let mut bytes = Attributes::new().be32(1, 7).as_bytes().to_vec();
        bytes.truncate(6);
        assert_eq!(Parsed::parse(&bytes).unwrap_err(), Malformed);
    }

    #[test]
    fn refuses_a_length_shorter_than_the_header() {
        assert_eq!(Parsed::parse(&[0, 0, 1, 0]).unwrap_err(), Malformed);
    }
}
