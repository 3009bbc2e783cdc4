//! A TLS connection as the leg of a relay.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::leg::{Leg, Read};
use super::remainder::Remainder;
use super::row::Row;
use crate::tls::Secured;
use crate::tls::record::{Frame, Opened, RecordError, Session};

/// A TCP connection whose TLS handshake is over.
#[derive(Debug)]
pub struct TlsLeg {
    tcp: TcpStream,
    // Boxed: most of a connection's state, touched only when it carries something.
    session: Box<Session>,
    unread: Remainder,
    /// `unread` may begin with a whole record.
    ready: bool,
    /// How reading has ended, once what came before is taken.
    ended: Option<Result<(), RecordError>>,
}

impl TlsLeg {
    /// The connection `tcp`, on which `secured` was agreed.
    #[must_use]
    pub fn new(tcp: TcpStream, secured: Secured) -> Self {
        let mut unread = Remainder::default();
        unread.keep(&secured.unread);
        Self {
            tcp,
            session: Box::new(secured.session),
            ready: unread.length() > 0,
            unread,
            ended: None,
        }
    }

    /// Opens records in the first `length` bytes of the row; gives how many bytes they took.
    fn open(&mut self, row: &mut Row, length: usize) -> usize {
        let mut at = 0;
        while !row.is_full() {
            let bytes = row.room().get_mut(at..length).unwrap_or_default();
            match self.session.open(bytes) {
                Ok(Opened::Partial) => return at,
                Ok(Opened::Record { plaintext, record }) => {
                    if !plaintext.is_empty() {
                        row.add(at + plaintext.start..at + plaintext.end);
                    }
                    row.opened();
                    at += record;
                }
                // What came before is still the app's.
                Ok(Opened::End) => {
                    self.ended = Some(Ok(()));
                    return length;
                }
                Err(error) => {
                    self.ended = Some(Err(error));
                    return length;
                }
            }
        }
        at
    }
}

impl Leg for TlsLeg {
    fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn is_plain(&self) -> bool {
        false
    }

    fn frame(&self) -> Frame {
        self.session.frame()
    }

    /// Plaintext stays where its record came to lie, so the frame of the other leg is of no matter.
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        row: &mut Row,
        _frame: Frame,
    ) -> Poll<io::Result<Read>> {
        match self.ended {
            Some(Ok(())) => return Poll::Ready(Ok(Read::End)),
            Some(Err(error)) => return Poll::Ready(Err(error.into())),
            None => {}
        }
        let full = if self.ready {
            let length = self.unread.copy_to(row.room());
            let opened = self.open(row, length);
            self.ready = row.is_full() || length < self.unread.length();
            self.unread.consume(opened);
            self.ready
        } else {
            let kept = self.unread.length();
            let room = row.room().get_mut(kept..).unwrap_or_default();
            let mut buffer = ReadBuf::new(room);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut buffer))?;
            let (read, full) = (buffer.filled().len(), buffer.remaining() == 0);
            if read == 0 {
                // The end of the connection, and not of the stream (RFC 8446 section 6.1).
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.unread.copy_to(row.room());
            let length = kept + read;
            let opened = self.open(row, length);
            self.ready = row.is_full();
            self.unread
                .keep(row.room().get(opened..length).unwrap_or_default());
            full || self.ready
        };
        if self.ended.is_some() {
            self.unread.clear();
        }
        Poll::Ready(Ok(if full { Read::Full } else { Read::Some }))
    }

    fn seal(&mut self, row: &mut Row) -> io::Result<()> {
        let before = self.session.before_data()?;
        let before = before.as_ref().map_or(&[][..], |control| control.bytes());
        let frame = self.session.frame();
        row.seal(frame, before, |record| self.session.seal(record))?;
        Ok(())
    }

    fn seal_end(&mut self, row: &mut Row) -> io::Result<()> {
        row.put(self.session.close()?.bytes());
        Ok(())
    }

    fn break_off(&mut self, error: &io::Error) {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        let alert = cause.copied().and_then(RecordError::alert);
        if let Some(alert) = alert.and_then(|alert| self.session.alert(alert).ok()) {
            let _ = self.tcp.try_write(alert.bytes());
        }
    }
}
