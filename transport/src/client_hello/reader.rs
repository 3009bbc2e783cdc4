//! Reading a ClientHello from a socket.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{ClientHello, MAX_CLIENT_HELLO, Parsed, ReadHelloError, parse};

/// Room made at first: a post-quantum hello (1.5 KiB) and one with ECH besides (1.9 KiB) fit.
const FIRST_ROOM: usize = 2 * 1024;

/// Reads until the ClientHello is whole, or refused.
///
/// `buf` keeps every byte read, for replay to whoever ends the TLS connection; some may have come
/// after the hello. Its memory doubles as bytes come, whatever length is announced, and stops at
/// [`MAX_CLIENT_HELLO`]. Dropping the future loses nothing: called again with the same `buf` and
/// `io`, it goes on. The deadline is the caller's.
///
/// # Errors
/// If the bytes cannot become a ClientHello, the client closes first, or reading fails.
pub async fn read<R: AsyncRead + Unpin>(
    io: &mut R,
    buf: &mut Vec<u8>,
) -> Result<ClientHello, ReadHelloError> {
    loop {
        match parse(buf)? {
            Parsed::Complete(hello) => return Ok(hello),
            Parsed::Incomplete { at_least } => read_at_least(io, buf, at_least).await?,
        }
    }
}

async fn read_at_least<R: AsyncRead + Unpin>(
    io: &mut R,
    buf: &mut Vec<u8>,
    at_least: usize,
) -> Result<(), ReadHelloError> {
    let enough = buf.len() + at_least;
    while buf.len() < enough {
        if buf.len() == buf.capacity() {
            let capacity = (2 * buf.len()).clamp(FIRST_ROOM, MAX_CLIENT_HELLO);
            buf.reserve_exact(capacity.saturating_sub(buf.len()));
        }
        let room = buf.capacity().min(MAX_CLIENT_HELLO) - buf.len();
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        if (&mut *io).take(room).read_buf(buf).await? == 0 {
            return Err(ReadHelloError::Closed { read: buf.len() });
        }
    }
    Ok(())
}
