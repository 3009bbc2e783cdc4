//! Finding the ClientHello in the records that carry it (RFC 8446 section 5.1).

use super::cursor::Cursor;
use super::{HelloError, MAX_CLIENT_HELLO};

/// Content type, version, length.
pub(super) const RECORD_HEADER: usize = 5;
/// Message type and a length of three bytes.
pub(super) const HANDSHAKE_HEADER: usize = 4;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// How far the records go.
pub(super) enum Framing<'a> {
    /// Not to the end of the message.
    Incomplete { at_least: usize },
    /// The message, handshake header included, ends where its last record does.
    Complete(Cursor<'a>),
}

/// Follows the record headers until the message is whole or the bytes end.
pub(super) fn frame(bytes: &[u8]) -> Result<Framing<'_>, HelloError> {
    let mut message = Message::default();
    let mut wire = bytes;
    loop {
        check_type(wire, message)?;
        let Some((header, after)) = wire.split_first_chunk() else {
            // The first byte tells TLS from anything else, so it is judged alone.
            let missing = if bytes.is_empty() {
                1
            } else {
                RECORD_HEADER - wire.len()
            };
            return incomplete(bytes, missing + message.remaining().unwrap_or(0));
        };
        let length = payload_length(*header);
        if length == 0 {
            return Err(HelloError::Malformed(
                "an empty handshake record (RFC 8446 section 5.1)",
            ));
        }
        // A record that goes on after the hello is refused below, so the whole record has to fit.
        if bytes.len() - after.len() + length > MAX_CLIENT_HELLO {
            return Err(HelloError::TooLarge);
        }
        let seen_before = message.seen;
        let (payload, rest) = after.split_at_checked(length).unwrap_or((after, &[]));
        message.take(payload)?;
        if message
            .total
            .is_some_and(|total| length > total - seen_before)
        {
            return Err(HelloError::Malformed(
                "more data after the ClientHello in the same record",
            ));
        }
        match message.remaining() {
            Some(0) => return Ok(Framing::Complete(Cursor::new(bytes, message.seen)?)),
            remaining if payload.len() < length => {
                return incomplete(
                    bytes,
                    wait_in_record(length - payload.len(), message.seen, remaining),
                );
            }
            _ => wire = rest,
        }
    }
}

/// The payload length in a record header.
pub(super) fn payload_length([_, _, _, high, low]: [u8; RECORD_HEADER]) -> usize {
    usize::from(u16::from_be_bytes([high, low]))
}

/// What is known of the handshake message from the payloads so far.
#[derive(Default, Clone, Copy)]
struct Message {
    header: [u8; HANDSHAKE_HEADER],
    /// Payload bytes seen, header included.
    seen: usize,
    /// Length of the message, header included, once the header is whole.
    total: Option<usize>,
}

impl Message {
    fn take(&mut self, payload: &[u8]) -> Result<(), HelloError> {
        for (slot, byte) in self.header.iter_mut().skip(self.seen).zip(payload) {
            *slot = *byte;
        }
        self.seen += payload.len();
        let [kind, high, middle, low] = self.header;
        if self.seen > 0 && kind != CLIENT_HELLO {
            return Err(HelloError::Malformed(
                "the first handshake message is not a ClientHello",
            ));
        }
        if self.total.is_none() && self.seen >= HANDSHAKE_HEADER {
            let length = u32::from_be_bytes([0, high, middle, low]);
            let length = usize::try_from(length).map_err(|_| HelloError::TooLarge)?;
            self.total = Some(HANDSHAKE_HEADER + length);
        }
        Ok(())
    }

    fn remaining(self) -> Option<usize> {
        self.total.map(|total| total.saturating_sub(self.seen))
    }
}

/// Refuses a record that cannot carry a piece of the ClientHello, from as much of its header as is
/// there.
fn check_type(wire: &[u8], message: Message) -> Result<(), HelloError> {
    let first = message.seen == 0;
    match wire {
        [HANDSHAKE] | [] => Ok(()),
        // RFC 8446 section 5.1 has the minor version ignored; all of SSL 3 and TLS has 3 as the
        // major one.
        [HANDSHAKE, 3, ..] => Ok(()),
        [ALERT, ..] => Err(HelloError::Malformed(
            "a TLS alert where the ClientHello, or the rest of it, was due",
        )),
        _ if first => Err(HelloError::NotTls),
        [HANDSHAKE, ..] => Err(HelloError::Malformed(
            "a record of no known TLS version amid the ClientHello",
        )),
        _ => Err(HelloError::Malformed(
            "a record of another type in the middle of the ClientHello",
        )),
    }
}

/// Bytes to wait for inside a record that still lacks `record` bytes.
///
/// With the message's length known it is all of the rest, and one more header if that goes on in
/// another record.
fn wait_in_record(record: usize, seen: usize, remaining: Option<usize>) -> usize {
    match remaining {
        None => record.min(HANDSHAKE_HEADER - seen),
        Some(message) if message > record => message + RECORD_HEADER,
        Some(message) => message,
    }
}

fn incomplete(bytes: &[u8], at_least: usize) -> Result<Framing<'_>, HelloError> {
    if bytes.len() + at_least > MAX_CLIENT_HELLO {
        return Err(HelloError::TooLarge);
    }
    Ok(Framing::Incomplete { at_least })
}
