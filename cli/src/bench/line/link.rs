//! One direction of the way, which all connections share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::Rate;

/// How far ahead bytes are let in. Timers are of a millisecond: with less the link would stand still
/// between two of them.
const AHEAD: Duration = Duration::from_millis(4);
/// The largest piece, and the smallest: a packet.
const MOST: usize = 64 << 10;
const LEAST: usize = 1_460;
/// What a connection may have under way where no rate says how much fits.
const WITHOUT_RATE: usize = 16 << 20;

/// A direction.
#[derive(Debug)]
pub(super) struct Link {
    delay: Duration,
    rate: Option<Rate>,
    /// When all that was let in has been sent.
    free: Cell<Instant>,
}

impl Link {
    pub(super) fn new(delay: Duration, rate: Option<Rate>) -> Self {
        Self {
            delay,
            rate,
            free: Cell::new(Instant::now()),
        }
    }

    /// What is read at once: no more than passes in a millisecond.
    fn piece(&self) -> usize {
        let fits = self
            .rate
            .map_or(MOST, |it| it.bytes_in(Duration::from_millis(1)));
        fits.clamp(LEAST, MOST)
    }

    /// What one connection may have under way: what fits on the link, so that it can be full.
    pub(super) fn room(&self) -> usize {
        match self.rate {
            Some(rate) => rate.bytes_in(self.delay + 2 * AHEAD) + 2 * self.piece(),
            None => WITHOUT_RATE,
        }
    }

    /// Until the next bytes would be sent soon.
    async fn clear(&self) {
        let soon = Instant::now() + AHEAD;
        if self.free.get() > soon {
            sleep_until(self.free.get() - AHEAD).await;
        }
    }

    /// Lets bytes in, and says when they come out.
    fn admit(&self, bytes: usize, not_before: Instant) -> Instant {
        let begins = self.free.get().max(Instant::now());
        let sent = begins + self.rate.map_or(Duration::ZERO, |rate| rate.time_of(bytes));
        self.free.set(sent);
        sent.max(not_before) + self.delay
    }
}

/// What is under way on one connection.
#[derive(Debug, Default)]
struct Underway {
    /// When each piece comes out; an empty one is the end.
    pieces: RefCell<VecDeque<(Instant, Vec<u8>)>>,
    more: Notify,
}

/// Carries one direction of one connection to its end; nothing is sent `not_before` then.
///
/// # Errors
/// When either side breaks.
pub(super) async fn carry(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    link: &Link,
    not_before: Instant,
) -> io::Result<()> {
    let underway = Underway::default();
    let room = Semaphore::new(link.room());
    tokio::try_join!(
        enter(from, link, not_before, &underway, &room),
        leave(to, &underway, &room)
    )?;
    Ok(())
}

async fn enter(
    mut from: impl AsyncRead + Unpin,
    link: &Link,
    not_before: Instant,
    underway: &Underway,
    room: &Semaphore,
) -> io::Result<()> {
    let piece = link.piece();
    let most = u32::try_from(piece).unwrap_or(u32::MAX);
    let mut bytes = vec![0; piece];
    loop {
        let permit = room.acquire_many(most).await.map_err(io::Error::other)?;
        permit.forget();
        link.clear().await;
        let n = from.read(&mut bytes).await?;
        room.add_permits(piece - n);
        let came = bytes.get(..n).unwrap_or_default().to_vec();
        let out = link.admit(n, not_before);
        underway.pieces.borrow_mut().push_back((out, came));
        underway.more.notify_one();
        if n == 0 {
            return Ok(());
        }
    }
}

async fn leave(
    mut to: impl AsyncWrite + Unpin,
    underway: &Underway,
    room: &Semaphore,
) -> io::Result<()> {
    loop {
        let first = underway.pieces.borrow_mut().pop_front();
        let Some((out, bytes)) = first else {
            underway.more.notified().await;
            continue;
        };
        sleep_until(out).await;
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(&bytes).await?;
        room.add_permits(bytes.len());
    }
}
