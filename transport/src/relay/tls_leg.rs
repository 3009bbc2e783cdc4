//! A TLS connection as the leg of a relay.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::SupportedCipherSuite;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsStream, client, server};

use super::leg::Leg;
use crate::socket;

/// The most that one TLS record carries (RFC 5246 section 6.2.1).
const RECORD: usize = 16 * 1024;
/// The most that rustls seals in one go: it keeps no more ciphertext than this.
const WRITE: usize = 64 * 1024;
/// Records kept back for what is not counted: our Finished, alerts, and the five or six records of
/// the write that is about to be made.
const RESERVE: u64 = 16;

/// A TLS stream that fails where rustls would lose bytes without a word.
///
/// TLS 1.2 has one key for each direction, good for about 2^24 records. When they are used up rustls
/// sends close_notify, and from then on takes all that is written and sends nothing. TLS 1.3 changes
/// its keys in time, and is left alone.
#[derive(Debug)]
pub struct TlsLeg {
    stream: TlsStream<TcpStream>,
    records: Option<Records>,
}

impl From<client::TlsStream<TcpStream>> for TlsLeg {
    fn from(stream: client::TlsStream<TcpStream>) -> Self {
        Self::new(stream.into())
    }
}

impl From<server::TlsStream<TcpStream>> for TlsLeg {
    fn from(stream: server::TlsStream<TcpStream>) -> Self {
        Self::new(stream.into())
    }
}

impl TlsLeg {
    fn new(stream: TlsStream<TcpStream>) -> Self {
        let records = match stream.get_ref().1.negotiated_cipher_suite() {
            Some(SupportedCipherSuite::Tls12(suite)) => Some(Records {
                limit: suite.common.confidentiality_limit,
                sent: 0,
            }),
            _ => None,
        };
        Self { stream, records }
    }
}

/// The records sent under the one key of a TLS 1.2 connection: never fewer than there were.
#[derive(Debug)]
struct Records {
    limit: u64,
    sent: u64,
}

impl Records {
    fn check(&self) -> Result<(), RecordsUsedUp> {
        if self.sent.saturating_add(RESERVE) < self.limit {
            return Ok(());
        }
        Err(RecordsUsedUp { limit: self.limit })
    }

    /// `behind`: rustls still held ciphertext. It may then have sealed a part of the bytes, sent
    /// all it held, and sealed the rest.
    fn note(&mut self, bytes: usize, behind: bool) {
        self.sent += bytes.div_ceil(RECORD) as u64 + u64::from(behind);
    }
}

/// Why a TLS 1.2 connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "TLS 1.2 has one key for a connection, and its {limit} records are used up; the connection is \
     reset, so that the app makes a new one (TLS 1.3 changes keys by itself: let the peer speak it)"
)]
pub struct RecordsUsedUp {
    /// How many records the key is good for.
    pub limit: u64,
}

impl AsyncRead for TlsLeg {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsLeg {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, records } = self.get_mut();
        let Some(records) = records else {
            return Pin::new(stream).poll_write(cx, bytes);
        };
        records.check().map_err(io::Error::other)?;
        let behind = stream.get_ref().1.wants_write();
        let bytes = bytes.get(..WRITE).unwrap_or(bytes);
        let n = ready!(Pin::new(stream).poll_write(cx, bytes))?;
        records.note(n, behind);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl Leg for TlsLeg {
    fn reset_on_close(&self) {
        socket::reset_on_close(self.stream.get_ref().0);
    }
}
