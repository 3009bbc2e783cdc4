//! Which extensions a hello has had: no type may come twice (RFC 8446 section 4.2).

use super::HelloError;

/// Types of 64 and above that one hello may hold. Real ones hold five or so (GREASE, ECH, ALPS,
/// renegotiation).
const MAX_HIGH: usize = 32;

/// The extension types met so far: a bit for each low number, where nearly all of them are, and a
/// short list.
#[derive(Default)]
pub(super) struct Seen {
    low: u64,
    high: [u16; MAX_HIGH],
    high_count: usize,
}

impl Seen {
    /// Notes a type, refusing one that was there before.
    pub(super) fn note(&mut self, extension: u16) -> Result<(), HelloError> {
        let Some(bit) = 1u64.checked_shl(u32::from(extension)) else {
            return self.note_high(extension);
        };
        if self.low & bit != 0 {
            return Err(DUPLICATE);
        }
        self.low |= bit;
        Ok(())
    }

    fn note_high(&mut self, extension: u16) -> Result<(), HelloError> {
        if self
            .high
            .iter()
            .take(self.high_count)
            .any(|seen| *seen == extension)
        {
            return Err(DUPLICATE);
        }
        let slot = self.high.get_mut(self.high_count).ok_or(TOO_MANY)?;
        *slot = extension;
        self.high_count += 1;
        Ok(())
    }
}

const DUPLICATE: HelloError =
    HelloError::Malformed("the same extension twice (RFC 8446 section 4.2)");
const TOO_MANY: HelloError =
    HelloError::Malformed("more than 32 extensions with a number above 63");
