//! What a peer sends of its handshake, read a record at a time.

use std::io;

use rustls::InvalidMessage;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{FLIGHT, invalid};
use crate::tls::record::MOST_RECORD;

/// The most that a peer may have sent of a message that is not whole, with its records: as much as
/// the buffer of a rustls connection holds. Who has proved nothing must not make us hold more.
const MOST_FLIGHT: usize = 0xffff;

/// Reads until one more record than `shown` is there whole, and gives the end of it, and never much
/// more than that record. What is no record is shown as it is: rustls knows what to say of it.
pub(super) async fn next_record<T: AsyncRead + Unpin>(
    io: &mut T,
    incoming: &mut Vec<u8>,
    shown: usize,
) -> io::Result<usize> {
    if shown > MOST_FLIGHT {
        return Err(invalid(InvalidMessage::HandshakePayloadTooLarge.into()));
    }
    loop {
        let record = incoming.get(shown..).unwrap_or_default();
        if let Some([kind, major, _, high, low]) = record.first_chunk::<5>() {
            let end = 5 + usize::from(u16::from_be_bytes([*high, *low]));
            let plausible = (20..=24).contains(kind) && *major == 3 && end <= MOST_RECORD;
            if !plausible {
                return Ok(incoming.len());
            }
            if record.len() >= end {
                return Ok(shown + end);
            }
        } else if record.first().is_some_and(|kind| !(20..=24).contains(kind)) {
            return Ok(incoming.len());
        }
        incoming.reserve(FLIGHT);
        let room = (shown + MOST_RECORD).saturating_sub(incoming.len());
        if (&mut *io).take(room as u64).read_buf(incoming).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
