//! Pipes, through which the kernel moves bytes from socket to socket without a copy in user space.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Stat, fstat};
use rustix::io::{Errno, ioctl_fionread};
use rustix::pipe::{
    PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice,
};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// What a pipe is to hold, in bytes: as much as the kernel lets a user ask for
/// (`/proc/sys/fs/pipe-max-size`). With 256 KiB a byte costs a tenth more.
const SIZE: usize = 1024 * 1024;
/// What it holds at least. A user may have 64 MiB of pipes in all (`pipe-user-pages-soft` in pipe(7));
/// beyond that the kernel first refuses to enlarge them, then makes them of two pages, which is worse
/// than copying.
const LEAST: usize = 64 * 1024;
/// Empty pipes that a thread keeps for later: a pipe is in use only while it carries bytes, so one for
/// each way is what a thread needs where nobody is slow. They count as the user's while they are empty.
const SPARE: usize = 4;

thread_local! {
    static SPARES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
}

/// Where splice(2) does not work on sockets, nobody asks for it again.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// A pipe, and how much is in it. It is filled only when it is empty: `EAGAIN` then says that the
/// socket has nothing, never that the pipe is full.
#[derive(Debug)]
pub(super) struct Pipe {
    out: OwnedFd,
    into: OwnedFd,
    held: usize,
}

impl Pipe {
    /// An empty pipe; none where descriptors, or the user's share of pipe memory, have run out.
    pub(super) fn take() -> Option<Self> {
        if REFUSED.load(Ordering::Relaxed) {
            return None;
        }
        SPARES.with_borrow_mut(Vec::pop).or_else(Self::new)
    }

    fn new() -> Option<Self> {
        let (out, into) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).ok()?;
        let size = fcntl_setpipe_size(&into, SIZE).or_else(|_| fcntl_getpipe_size(&into));
        size.is_ok_and(|size| size >= LEAST)
            .then_some(Self { out, into, held: 0 })
    }

    /// A pipe that is not needed any more; kept if it is empty.
    pub(super) fn give(self) {
        if self.held > 0 {
            return;
        }
        SPARES.with_borrow_mut(|spares| {
            if spares.len() < SPARE {
                spares.push(self);
            }
        });
    }

    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Its ends: to read from, to write to.
    pub(super) fn ends(&self) -> [BorrowedFd<'_>; 2] {
        [self.out.as_fd(), self.into.as_fd()]
    }

    /// A pipe of another process: its ends, and what is said to be in it.
    ///
    /// # Errors
    /// When these are not the ends of one pipe, or something else is in it.
    pub(super) fn adopt(out: OwnedFd, into: OwnedFd, held: usize) -> io::Result<Self> {
        let pipe = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo;
        let (one, other) = (fstat(&out)?, fstat(&into)?);
        let same = (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino);
        if pipe(&one) && same && ioctl_fionread(&out)? == held as u64 {
            return Ok(Self { out, into, held });
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    /// Fills the empty pipe from `from`; gives how much came. None, and `WouldBlock`, need not mean that there is
    /// an end, or nothing: see [`Half`](super::half::Half). So it leaves what tokio knows of readiness alone.
    pub(super) fn fill(&mut self, from: &TcpStream) -> io::Result<usize> {
        self.held = moved(from, &self.into, SIZE)?;
        Ok(self.held)
    }

    /// Empties the pipe into `to` as far as it takes.
    pub(super) fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        let written = to.try_io(Interest::WRITABLE, || moved(&self.out, to, self.held))?;
        self.held = self.held.saturating_sub(written);
        Ok(written)
    }
}

fn moved(from: impl AsFd, to: impl AsFd, length: usize) -> io::Result<usize> {
    loop {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        match splice(&from, None, &to, None, length, flags) {
            Err(Errno::INTR) => {}
            moved => return Ok(moved?),
        }
    }
}

/// Whether an error means that the kernel, or what stands before it, has no splice for sockets. Bytes
/// are then copied, by this process from now on.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    let refusals = [Errno::INVAL, Errno::NOSYS, Errno::PERM, Errno::OPNOTSUPP];
    let refused = refusals
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    if refused && !REFUSED.swap(true, Ordering::Relaxed) {
        tracing::info!(%error, "no splice(2) between sockets here: bytes are copied");
    }
    refused
}
