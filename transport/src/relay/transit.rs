//! What is under way in a relay that stands still.
//!
//! A relay is two sockets and this. The sockets belong to the kernel, and to whoever holds a descriptor;
//! bytes that were read from one and not written to the other are in a row or a pipe. Both can be had as
//! they are, so that another process goes on where this one has stopped.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::counts::Passing;
use super::half::Half;
use super::pipe::Pipe;
use super::row::{Row, Size};

/// How far a direction has come towards its end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Bytes may come.
    #[default]
    Carrying,
    /// The reader has ended; the writer still has to be told.
    Ending,
    /// The writer has been told as far as TLS is concerned.
    Closing,
    /// The writer has been told, or is by the close that follows where the other direction was done before.
    Done,
}

impl Stage {
    /// All of them, in the order of time.
    pub const ALL: [Self; 4] = [Self::Carrying, Self::Ending, Self::Closing, Self::Done];
}

/// A relay that stands still between two turns: the two directions.
#[derive(Debug, Default)]
pub struct Transit {
    pub(super) up: Half,
    pub(super) down: Half,
    pub(super) passing: Passing,
}

/// One direction as it is to be described to another process.
#[derive(Debug)]
pub struct Way<'a> {
    /// How far it has come.
    pub stage: Stage,
    /// Bytes to be written before those in the pipe, piece by piece.
    pub bytes: Vec<&'a [u8]>,
    /// The pipe, if something is in it.
    pub pipe: Option<Piped<BorrowedFd<'a>>>,
}

/// A pipe that holds bytes.
#[derive(Debug)]
pub struct Piped<F> {
    /// Its ends: to read from, to write to.
    pub ends: [F; 2],
    /// Bytes in it.
    pub held: usize,
}

/// One direction as another process has described it.
#[derive(Debug, Default)]
pub struct Arrived {
    /// How far it has come.
    pub stage: Stage,
    /// Bytes to be written before those in the pipe.
    pub bytes: Vec<u8>,
    /// A pipe with more of them.
    pub pipe: Option<Piped<OwnedFd>>,
}

/// A description that cannot be true.
#[derive(Debug, thiserror::Error)]
pub enum TransitError {
    /// More than a relay ever holds.
    #[error("{0} bytes under way, more than a relay holds")]
    TooMuch(usize),
    /// The descriptors are no pipe, or it holds something else.
    #[error("what is said to be a pipe with {held} bytes is none: {source}")]
    NoPipe {
        /// Bytes that should have been in it.
        held: usize,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Transit {
    /// The most bytes of one direction that are not in a pipe.
    pub const MOST_BYTES: usize = Size::Large.room();

    /// The directions: to the upstream, to the downstream.
    #[must_use]
    pub fn ways(&self) -> [Way<'_>; 2] {
        [&self.up, &self.down].map(|half| Way {
            stage: half.stage,
            bytes: half
                .kept
                .iter()
                .flat_map(|row| row.contents())
                .collect::<Vec<_>>(),
            pipe: half
                .pipe
                .as_ref()
                .filter(|pipe| pipe.held() > 0)
                .map(|pipe| Piped {
                    ends: pipe.ends(),
                    held: pipe.held(),
                }),
        })
    }

    /// What another process has described, in the order of [`ways`](Self::ways).
    ///
    /// # Errors
    /// When a description cannot be true.
    pub fn resumed([up, down]: [Arrived; 2]) -> Result<Self, TransitError> {
        Ok(Self {
            up: up.half()?,
            down: down.half()?,
            passing: Passing::resumed(),
        })
    }
}

impl Arrived {
    fn half(self) -> Result<Half, TransitError> {
        let kept = match self.bytes.as_slice() {
            [] => None,
            bytes => Some(Row::holding(bytes).ok_or(TransitError::TooMuch(bytes.len()))?),
        };
        let pipe = self.pipe.map(|Piped { ends, held }| {
            let [out, into] = ends;
            Pipe::adopt(out, into, held).map_err(|source| TransitError::NoPipe { held, source })
        });
        Ok(Half::resumed(self.stage, kept, pipe.transpose()?))
    }
}

#[cfg(test)]
mod tests;
