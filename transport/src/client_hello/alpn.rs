//! The `application_layer_protocol_negotiation` extension (RFC 7301 section 3.1).

use std::fmt;

use super::HelloError;
use super::cursor::Cursor;

/// The protocol names as the extension has them: each with its length in front, in one allocation.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct ProtocolNames(Box<[u8]>);

impl ProtocolNames {
    /// Reads and checks the list.
    pub(super) fn read(mut extension: Cursor<'_>) -> Result<Self, HelloError> {
        let list = extension.vector_u16()?;
        extension.expect_end("bytes after the list in ALPN")?;
        if list.is_empty() {
            return Err(HelloError::Malformed("an empty ALPN list"));
        }
        let mut names = list;
        while !names.is_empty() {
            if names.vector_u8()?.is_empty() {
                return Err(HelloError::Malformed("an empty name in the ALPN list"));
            }
        }
        let mut copy = Vec::with_capacity(list.len());
        list.pieces()
            .for_each(|piece| copy.extend_from_slice(piece));
        Ok(Self(copy.into_boxed_slice()))
    }

    /// The names in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut list = &*self.0;
        std::iter::from_fn(move || {
            let (length, names) = list.split_first()?;
            let (name, rest) = names.split_at_checked(usize::from(*length))?;
            list = rest;
            Some(name)
        })
    }
}

impl fmt::Debug for ProtocolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|name| name.escape_ascii().to_string()))
            .finish()
    }
}
