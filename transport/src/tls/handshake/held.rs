//! What is held of a peer's messages until they are whole.

use std::io;

use rustls::InvalidMessage;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::super::record::{HEADER, MOST_RECORD};
use super::invalid;

/// What there is room for when more has to come.
const STEP: usize = 4 * 1024;

/// The most that one whom we have dialled may have sent of a message that is not whole, with its records:
/// as much as the buffer of a rustls connection holds.
pub(super) const MOST: usize = 0xffff;

/// The same of one who has come, and may be anybody: a certificate with three intermediates of RSA-4096 is
/// 6 KiB, and this has room for 16. All who may come at a time (4096) then hold 80 MiB of a shim, whose
/// container has 256.
pub(super) const MOST_OF_STRANGERS: usize = 20 * 1024;

/// Reads until one more record than `shown` is there whole, and gives the end of it. Holds no more than
/// `most` for it, and never much more than that record. What is no record is shown as it is: rustls knows
/// what to say of it.
pub(super) async fn next_record<T: AsyncRead + Unpin>(
    io: &mut T,
    incoming: &mut Vec<u8>,
    shown: usize,
    most: usize,
) -> io::Result<usize> {
    let mut end = shown + HEADER;
    loop {
        let record = incoming.get(shown..).unwrap_or_default();
        if let Some([kind, major, _, high, low]) = record.first_chunk::<HEADER>() {
            let length = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
            let plausible = (20..=24).contains(kind) && *major == 3 && length <= MOST_RECORD;
            if !plausible {
                return Ok(incoming.len());
            }
            end = shown + length;
            if incoming.len() >= end {
                return Ok(end);
            }
        } else if record.first().is_some_and(|kind| !(20..=24).contains(kind)) {
            return Ok(incoming.len());
        }
        if end > most {
            return Err(invalid(InvalidMessage::HandshakePayloadTooLarge.into()));
        }
        let room = most.min(shown + MOST_RECORD).saturating_sub(incoming.len());
        // Not one byte more: a vector that grows by itself has room for twice as much.
        if incoming.capacity() - incoming.len() < room.min(STEP / 4) {
            incoming.reserve_exact(room.min(STEP));
        }
        if (&mut *io).take(room as u64).read_buf(incoming).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
