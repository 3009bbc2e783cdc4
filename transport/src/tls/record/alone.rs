//! Records without a relay around them.

use std::io;
use std::ops::Range;

use super::{Frame, Opened, RecordError};
use crate::tls::Secured;

impl Secured {
    /// The room that a record needs around its plaintext.
    #[must_use]
    pub fn frame(&self) -> Frame {
        self.session.frame()
    }

    /// Makes a record of data out of `record`, whose plaintext has the frame's room around it. Keys
    /// are not changed, so that it is for fewer records than one is good for.
    ///
    /// # Errors
    /// When the plaintext is larger than a record's may be.
    pub fn seal(&mut self, record: &mut [u8]) -> io::Result<()> {
        Ok(self.session.seal(record)?)
    }

    /// Opens a record of the peer's where it lies, and says where its plaintext is.
    ///
    /// # Errors
    /// When it is not authentic, not whole, or not data.
    pub fn open(&mut self, record: &mut [u8]) -> io::Result<Range<usize>> {
        match self.session.open(record)? {
            Opened::Record { plaintext, .. } if !plaintext.is_empty() => Ok(plaintext),
            _ => Err(RecordError::Broken("not a whole record of data").into()),
        }
    }
}
