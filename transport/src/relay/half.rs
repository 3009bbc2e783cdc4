//! One direction of a relay.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Size of the buffer that all connections of a thread read into: four TLS records, and more than
/// one read brings on most links.
const SCRATCH: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
}

/// The state of one direction: nothing but what the writer could not take yet.
#[derive(Debug, Default)]
pub(super) struct Half {
    kept: Vec<u8>,
    kept_from: usize,
    unflushed: bool,
    stage: Stage,
    /// Bytes moved so far; wraps at no size that a connection reaches.
    pub(super) moved: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Copying,
    /// The reader has ended; the writer still has to be told.
    Ending,
    Done,
}

/// An error, and whether the leg that was read from made it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reading: bool,
    pub(super) error: io::Error,
}

impl Failure {
    const fn reading(error: io::Error) -> Self {
        Self {
            reading: true,
            error,
        }
    }

    const fn writing(error: io::Error) -> Self {
        Self {
            reading: false,
            error,
        }
    }
}

impl Half {
    /// Moves what can be moved. Ready when the reader has ended and the writer has been told.
    pub(super) fn poll<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        count: &AtomicU64,
    ) -> Poll<Result<(), Failure>> {
        loop {
            match self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Ending => {
                    ready!(self.poll_kept(cx, to, count))?;
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))
                        .or_else(already_gone)
                        .map_err(Failure::writing)?;
                    self.stage = Stage::Done;
                }
                Stage::Copying => {
                    ready!(self.poll_kept(cx, to, count))?;
                    ready!(self.poll_once(cx, from, to, count))?;
                }
            }
        }
    }

    /// Writes what an earlier call had to keep.
    fn poll_kept<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut W,
        count: &AtomicU64,
    ) -> Poll<Result<(), Failure>> {
        while let Some(rest) = self
            .kept
            .get(self.kept_from..)
            .filter(|rest| !rest.is_empty())
        {
            let n = ready!(Pin::new(&mut *to).poll_write(cx, rest))
                .and_then(some)
                .map_err(Failure::writing)?;
            self.kept_from += n;
            self.note(n, count);
        }
        if self.kept.capacity() > 0 {
            self.kept = Vec::new();
            self.kept_from = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and writes what it brought.
    fn poll_once<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        count: &AtomicU64,
    ) -> Poll<Result<(), Failure>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            match Pin::new(from).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => self.stage = Stage::Ending,
                Poll::Ready(Ok(())) => self.hand_over(cx, buffer.filled(), to, count)?,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::reading(error))),
                Poll::Pending => {
                    // The source is silent: what TLS still holds must go out now, or the peer waits
                    // for bytes that we think we have sent.
                    if self.unflushed
                        && Pin::new(to)
                            .poll_flush(cx)
                            .map_err(Failure::writing)?
                            .is_ready()
                    {
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Writes `bytes`; keeps what the writer does not take.
    fn hand_over<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        mut bytes: &[u8],
        to: &mut W,
        count: &AtomicU64,
    ) -> Result<(), Failure> {
        while !bytes.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, bytes) {
                Poll::Ready(written) => {
                    let n = written.and_then(some).map_err(Failure::writing)?;
                    bytes = bytes.get(n..).unwrap_or_default();
                    self.note(n, count);
                }
                Poll::Pending => {
                    self.kept.extend_from_slice(bytes);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, n: usize, count: &AtomicU64) {
        self.unflushed = true;
        self.moved += n as u64;
        count.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// A writer that takes nothing and says nothing would be asked for ever.
fn some(n: usize) -> io::Result<usize> {
    if n == 0 {
        Err(io::ErrorKind::WriteZero.into())
    } else {
        Ok(n)
    }
}

/// Shutting down a connection whose peer has already closed both ways is no failure.
fn already_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotConnected {
        Ok(())
    } else {
        Err(error)
    }
}
