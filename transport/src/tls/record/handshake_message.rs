//! What a peer may still say of the handshake when it is over.

use super::RecordError;
use super::protection::Format;
use crate::tls::peer::Side;

const HELLO_REQUEST: u8 = 0;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;
/// Type and length in front of every handshake message (RFC 8446 section 4).
const HEADER: usize = 4;
/// No ticket is larger: its two variable fields have lengths of two bytes (RFC 8446 section 4.6.1).
const MOST_TICKET: usize = 2 << 16;

/// The `KeyUpdate` that is sent: type, length, `update_not_requested` (RFC 8446 section 4.6.3).
pub(super) const OUR_KEY_UPDATE: [u8; 5] = [KEY_UPDATE, 0, 0, 1, 0];

/// What a record of handshake messages comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing that concerns us: tickets are for sessions that are resumed, and none is.
    Nothing,
    /// The peer's next record has a new key.
    KeyUpdate {
        /// It wants one of us as well.
        asks: bool,
    },
}

/// Handshake messages, which may go over several records.
#[derive(Debug, Default)]
pub(super) struct Messages {
    header: Vec<u8>,
    /// Bytes of a message that is passed over.
    passing: usize,
}

impl Messages {
    /// Between messages: other records may come.
    pub(super) fn is_whole(&self) -> bool {
        self.header.is_empty() && self.passing == 0
    }

    /// Reads one record. `side` is ours.
    pub(super) fn read(
        &mut self,
        mut bytes: &[u8],
        format: Format,
        side: Side,
    ) -> Result<Said, RecordError> {
        if bytes.is_empty() {
            return Err(RecordError::Broken("an empty handshake record"));
        }
        while !bytes.is_empty() {
            let passed = self.passing.min(bytes.len());
            self.passing -= passed;
            bytes = bytes.split_at(passed).1;
            let wanted = (HEADER - self.header.len()).min(bytes.len());
            let (header, rest) = bytes.split_at(wanted);
            self.header.extend_from_slice(header);
            bytes = rest;
            let Ok([kind, length @ ..]) = <[u8; HEADER]>::try_from(self.header.as_slice()) else {
                break;
            };
            let length = length
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            match (format, side, kind, length) {
                (Format::Tls13, _, KEY_UPDATE, 1) => {
                    // Nothing of the old key may stand behind it (RFC 8446 section 5.1).
                    let asks = match bytes {
                        // Its one byte comes with the next record.
                        [] => break,
                        [0] => false,
                        [1] => true,
                        _ => return Err(RecordError::Broken("a malformed KeyUpdate")),
                    };
                    self.header = Vec::new();
                    return Ok(Said::KeyUpdate { asks });
                }
                (Format::Tls13, Side::Client, NEW_SESSION_TICKET, ..=MOST_TICKET)
                | (Format::Tls12, Side::Client, HELLO_REQUEST, 0) => self.passing = length,
                (Format::Tls12, ..) => return Err(RecordError::Broken("a renegotiation")),
                _ => {
                    return Err(RecordError::Broken(
                        "a handshake message after the handshake",
                    ));
                }
            }
            self.header = Vec::new();
        }
        Ok(Said::Nothing)
    }
}
