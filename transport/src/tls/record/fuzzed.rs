//! A way into the records for the fuzz target and its replay.

use super::{ContentType, Opened};
use crate::tls::Secured;

impl Secured {
    /// A record of that content type (RFC 8446 section 5.1), if there is such a type and room.
    pub fn seal_anything(&mut self, kind: u8, content: &[u8]) -> Option<Vec<u8>> {
        let kind = ContentType::of(kind)?;
        let control = self.session.control(kind, content).ok()?;
        Some(control.bytes().to_vec())
    }

    /// Opens what came so far; whether the connection may go on.
    pub fn open_anything(&mut self, bytes: &[u8]) -> bool {
        self.unread.extend_from_slice(bytes);
        loop {
            match self.session.open(&mut self.unread) {
                Ok(Opened::Partial) => return true,
                Ok(Opened::Record { plaintext, record }) => {
                    assert!(plaintext.end <= record && record <= self.unread.len());
                    self.unread.drain(..record);
                }
                Ok(Opened::End) | Err(_) => return false,
            }
        }
    }
}
