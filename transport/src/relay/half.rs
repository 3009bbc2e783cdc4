//! One direction of a relay.
//!
//! Small reads go through a row of the thread's. When a read comes back full, more is taken at once:
//! by splice(2) where the bytes go on as they are, in a large row otherwise.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::net::TcpStream;

use super::leg::{Leg, Read};
use super::pipe::{self, Pipe};
use super::row::{Row, Size};
use super::transit::Stage;
use crate::tls::record::MOST_PLAINTEXT;

/// A step that brings less than this does not need the means for bulk.
const BULK: usize = 4 * MOST_PLAINTEXT;
/// After so many bytes the others of the thread have their turn. tokio counts steps, and one moves up
/// to a MiB here.
const TURN: u64 = 2 << 20;
/// What a record costs besides its bytes, in bytes that cost as much (`counts`: `open-64` and
/// `open-16k`): who sends very small ones has no longer turns for that.
const RECORD: u64 = 512;
/// After so many steps too, as those that only open what was read are none that tokio counts.
const STEPS: u32 = 64;

/// The state of one direction: nothing but what the writer could not take yet. Between two turns it is
/// all that the direction consists of, so that it can be gone on with elsewhere.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// Goes before what is in the pipe.
    pub(super) kept: Option<Box<Row>>,
    pub(super) pipe: Option<Pipe>,
    appetite: Size,
    /// splice(2) has found nothing, or an end; recv(2) has to agree. The former stops before a byte of urgent data,
    /// and never passes it by.
    dry: bool,
    pub(super) stage: Stage,
    /// Bytes moved so far; wraps at no size that a connection reaches.
    pub(super) moved: u64,
    /// Bytes of the reader have been written since somebody last took this; what TLS says at its end is none.
    pub(super) wrote: bool,
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
    /// A direction as it was left.
    pub(super) fn resumed(stage: Stage, kept: Option<Box<Row>>, pipe: Option<Pipe>) -> Self {
        Self {
            kept,
            pipe,
            stage,
            ..Self::default()
        }
    }

    /// Nothing is under way: what is written to the writer now begins where a record begins.
    pub(super) const fn is_clear(&self) -> bool {
        self.kept.is_none()
    }

    /// Whether there is nothing left to do.
    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Moves what can be moved. Ready when the reader has ended and the writer has been told. Of the
    /// last direction its coming close tells the writer, as both ends are through then.
    pub(super) fn poll<R: Leg, W: Leg>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        is_last: bool,
        count: &AtomicU64,
    ) -> Poll<Result<(), Failure>> {
        let mut turn = self.moved.wrapping_add(TURN);
        for _ in 0..STEPS {
            ready!(self.poll_kept(cx, to.tcp()))?;
            match self.stage {
                Stage::Carrying if self.moved >= turn => break,
                Stage::Carrying => {
                    if from.is_plain() && to.is_plain() && !self.dry && self.splices() {
                        ready!(self.poll_splice(cx, from.tcp(), to.tcp(), count))?;
                    } else {
                        ready!(self.poll_row(cx, from, to, count, &mut turn))?;
                    }
                }
                Stage::Ending => {
                    let mut row = Row::take(Size::Small);
                    to.seal_end(&mut row).map_err(Failure::writing)?;
                    self.kept = Some(row);
                    self.stage = Stage::Closing;
                }
                Stage::Closing => {
                    if !is_last {
                        shut(to.tcp()).map_err(Failure::writing)?;
                    }
                    self.stage = Stage::Done;
                }
                Stage::Done => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what an earlier step had to keep.
    fn poll_kept(&mut self, cx: &mut Context<'_>, to: &TcpStream) -> Poll<Result<(), Failure>> {
        if let Some(row) = &mut self.kept {
            let before = self.moved;
            let written = poll_write(cx, to, row, &mut self.moved);
            // What is kept when it closes is the end that TLS has.
            self.wrote |= self.moved != before && self.stage != Stage::Closing;
            ready!(written).map_err(Failure::writing)?;
            if let Some(row) = self.kept.take() {
                row.give();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and writes what it brought; what the writer does not take is kept.
    fn poll_row<R: Leg, W: Leg>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        count: &AtomicU64,
        turn: &mut u64,
    ) -> Poll<Result<(), Failure>> {
        let dry = std::mem::take(&mut self.dry);
        let size = if dry { Size::Small } else { self.appetite };
        let mut row = Row::take(size);
        let read = match from.poll_fill(cx, &mut row, to.frame()) {
            Poll::Ready(Ok(read)) => read,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::reading(error))),
            Poll::Pending => {
                row.give();
                // There is one only where splice(2) has found nothing.
                if dry {
                    self.release();
                }
                return Poll::Pending;
            }
        };
        let length = row.length();
        *turn = turn.saturating_sub(u64::from(row.records()) * RECORD);
        match read {
            Read::Full => self.appetite = Size::Large,
            Read::Some if length < BULK => self.appetite = Size::Small,
            Read::Some => {}
            Read::End => self.stage = Stage::Ending,
        }
        if length > 0 {
            to.seal(&mut row).map_err(Failure::writing)?;
            count.fetch_add(length as u64, Ordering::Relaxed);
        }
        self.kept = Some(row);
        self.poll_kept(cx, to.tcp())
    }

    /// Whether the next step is one of the pipe's.
    fn splices(&mut self) -> bool {
        if self.appetite == Size::Large && self.pipe.is_none() {
            self.pipe = Pipe::take();
        }
        self.pipe.is_some()
    }

    /// Moves bytes through the pipe: once what the source has, or until it brings little.
    fn poll_splice(
        &mut self,
        cx: &mut Context<'_>,
        from: &TcpStream,
        to: &TcpStream,
        count: &AtomicU64,
    ) -> Poll<Result<(), Failure>> {
        let Some(pipe) = &mut self.pipe else {
            return Poll::Ready(Ok(()));
        };
        while pipe.held() > 0 {
            match pipe.drain(to) {
                Ok(0) => return Poll::Ready(Err(Failure::writing(nothing_taken()))),
                Ok(n) => {
                    self.moved += n as u64;
                    self.wrote = true;
                    count.fetch_add(n as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(to.poll_write_ready(cx)).map_err(Failure::writing)?;
                }
                Err(error) => return Poll::Ready(Err(Failure::writing(error))),
            }
        }
        if self.appetite == Size::Small {
            self.release();
            return Poll::Ready(Ok(()));
        }
        let Poll::Ready(readable) = from.poll_read_ready(cx) else {
            self.release();
            return Poll::Pending;
        };
        readable.map_err(Failure::reading)?;
        match pipe.fill(from) {
            Ok(0) => self.dry = true,
            Ok(n) if n < MOST_PLAINTEXT => self.appetite = Size::Small,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.dry = true,
            Err(error) if pipe::is_refusal(&error) => self.pipe = None,
            Err(error) => return Poll::Ready(Err(Failure::reading(error))),
        }
        Poll::Ready(Ok(()))
    }

    fn release(&mut self) {
        if let Some(pipe) = self.pipe.take() {
            pipe.give();
        }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.release();
        if let Some(row) = self.kept.take() {
            row.give();
        }
    }
}

/// Writes all that is in the row.
fn poll_write(
    cx: &mut Context<'_>,
    to: &TcpStream,
    row: &mut Row,
    moved: &mut u64,
) -> Poll<io::Result<()>> {
    while !row.is_empty() {
        let written = match row.only() {
            Some(bytes) => to.try_write(bytes),
            None => to.try_write_vectored(row.slices().get()),
        };
        match written {
            Ok(0) => return Poll::Ready(Err(nothing_taken())),
            Ok(n) => {
                row.advance(n);
                *moved += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                ready!(to.poll_write_ready(cx))?;
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// A writer that takes nothing and says nothing would be asked for ever.
fn nothing_taken() -> io::Error {
    io::ErrorKind::WriteZero.into()
}

/// Ends the writing side. That of a connection whose peer has already closed both ways is no failure.
fn shut(to: &TcpStream) -> io::Result<()> {
    match SockRef::from(to).shutdown(std::net::Shutdown::Write) {
        Err(error) if error.kind() != io::ErrorKind::NotConnected => Err(error),
        _ => Ok(()),
    }
}
