//! One end of a relay: a TCP connection, in clear or under TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::row::{Row, Size};
use crate::socket;
use crate::tls::record::Frame;

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// What was there: bytes, or nothing of the app's.
    Some,
    /// As much as there was room for.
    Full,
    /// The end of the stream.
    End,
}

/// A byte stream over TCP that can be ended with a reset.
pub trait Leg {
    /// The connection underneath.
    fn tcp(&self) -> &TcpStream;

    /// Whether the bytes on the wire are the app's own.
    fn is_plain(&self) -> bool;

    /// The room that this leg needs around each piece that it is to write.
    fn frame(&self) -> Frame;

    /// Reads into an empty row, so that a leg with that frame can write it.
    ///
    /// # Errors
    /// The connection's, and TLS's: see [`reason`](crate::reason::Reason).
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        row: &mut Row,
        frame: Frame,
    ) -> Poll<io::Result<Read>>;

    /// Makes what is in the row ready for the wire.
    ///
    /// # Errors
    /// When no more can be sent under this connection's keys.
    fn seal(&mut self, row: &mut Row) -> io::Result<()>;

    /// Puts what tells the peer of our end into an empty row, if it takes any bytes.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    fn seal_end(&mut self, row: &mut Row) -> io::Result<()>;

    /// Says why the connection is broken off, if the peer has a way to hear it. Only where no write
    /// stands half done.
    fn break_off(&mut self, _error: &io::Error) {}

    /// Makes the coming close a TCP reset, so that the peer sees an error and not an end.
    fn reset_on_close(&self) {
        socket::reset_on_close(self.tcp());
    }
}

impl Leg for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn frame(&self) -> Frame {
        Frame::default()
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        row: &mut Row,
        frame: Frame,
    ) -> Poll<io::Result<Read>> {
        let length = if row.size() == Size::Small {
            // tokio knows from a read that fills less than its buffer that nothing is left, and
            // saves the call that would say so.
            let mut buffer = ReadBuf::new(row.piece(frame));
            ready!(Pin::new(self).poll_read(cx, &mut buffer))?;
            buffer.filled().len()
        } else {
            loop {
                ready!(self.poll_read_ready(cx))?;
                let mut places = row.pieces(frame);
                match self.try_read_vectored(&mut places) {
                    Ok(length) => break length,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        };
        Poll::Ready(Ok(match (length, row.filled(frame, length)) {
            (0, _) => Read::End,
            (_, true) => Read::Full,
            (_, false) => Read::Some,
        }))
    }

    fn seal(&mut self, _row: &mut Row) -> io::Result<()> {
        Ok(())
    }

    fn seal_end(&mut self, _row: &mut Row) -> io::Result<()> {
        Ok(())
    }
}
