//! Whether both ends are still there while something is on its way to them.
//!
//! Keepalive only asks a peer to which nothing is under way. For one that owes an acknowledgement the
//! kernel waits a quarter of an hour (`tcp_retries2`), and with `TCP_USER_TIMEOUT` it would also end
//! connections to a peer that answers, but does not read. So the kernel is asked, every now and then,
//! which of the two it is. An idle connection has no timer for that.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::{Patience, Side};
use crate::socket::TcpInfo;

/// Looks within the time after which a silent peer is dead. What is owed may be seen one look late,
/// and the time may be up just after another, so that five of them decide.
const LOOKS: u32 = 7;
const DECIDE: u32 = LOOKS - 2;
/// Unanswered questions for room, in a row, that make a peer dead.
const QUESTIONS: u8 = 3;

/// The watch over one connection.
#[derive(Default)]
pub(super) struct Vigil {
    watch: Option<Box<Watch>>,
    /// The upstream has the options of a connection that lasts.
    tuned: bool,
    /// The relay goes on where another had left it, who may have done that.
    pub(super) goes_on: bool,
}

struct Watch {
    look: Pin<Box<Sleep>>,
    /// Whom `look` wakes. It is polled again only where that changes: every turn comes by here.
    waker: Option<Waker>,
    /// Something was moved since the last look.
    moved: bool,
    /// Since when each end has been seen in trouble: downstream, upstream.
    since: [Option<Instant>; 2],
}

impl Vigil {
    /// To be called after each turn of the relay, with whether it has moved anything. A peer that owes
    /// an answer for as long as `patience` says is dead; without a time, nobody is watched. `looked` is called
    /// at each look, and after each turn where there are none. Ready when an end is gone: which, and what is
    /// to be said of it.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moved: bool,
        patience: &Patience,
        legs: [(Side, &TcpStream); 2],
        mut looked: impl FnMut(),
    ) -> Poll<(Side, io::Error)> {
        let Some(unanswered) = patience.unanswered else {
            looked();
            return Poll::Pending;
        };
        let every = unanswered / LOOKS;
        // By reference: this is every turn's, and most have nothing to do here.
        let lasting = patience.lasting.as_ref().filter(|_| !self.tuned);
        if moved || lasting.is_some() {
            let watch = self.watch.get_or_insert_with(|| {
                // The kernel counts silence from the last packet, whenever it is told to: not later than
                // the first question is due.
                let first = lasting.and_then(|sockets| sockets.keepalive);
                let first = first.map_or(every, |keepalive| every.min(keepalive.idle));
                Box::new(Watch::new(first))
            });
            watch.moved |= moved;
        }
        while let Some(watch) = &mut self.watch {
            if !watch.look.is_elapsed() && watch.wakes(cx) {
                return Poll::Pending;
            }
            if watch.look.as_mut().poll(cx).is_pending() {
                watch.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            looked();
            if let Some(sockets) = lasting.filter(|_| !self.tuned) {
                sockets.apply(legs[1].1.into());
                self.tuned = true;
            }
            // This process was stopped meanwhile, or its host: the answers of that time are still to come.
            if watch.look.deadline().elapsed() > every {
                watch.since = [None; 2];
            }
            match watch.look_at(legs, every * DECIDE) {
                Seen::Rest => self.watch = None,
                Seen::Work => {
                    watch.waker = None;
                    watch.look.as_mut().reset(Instant::now() + every);
                }
                Seen::Gone(side, error) => return Poll::Ready((side, error)),
            }
        }
        Poll::Pending
    }

    /// Whether the upstream may have the options of a connection that lasts.
    pub(super) const fn may_have_tuned(&self, patience: &Patience) -> bool {
        self.tuned || self.goes_on || patience.lasting.is_none()
    }
}

/// What a look has found.
enum Seen {
    /// Nothing is under way.
    Rest,
    /// Something is, or has been.
    Work,
    Gone(Side, io::Error),
}

impl Watch {
    fn new(every: Duration) -> Self {
        Self {
            look: Box::pin(sleep(every)),
            waker: None,
            moved: false,
            since: [None; 2],
        }
    }

    fn wakes(&self, cx: &Context<'_>) -> bool {
        let waker = self.waker.as_ref();
        waker.is_some_and(|waker| waker.will_wake(cx.waker()))
    }

    fn look_at(&mut self, legs: [(Side, &TcpStream); 2], enough: Duration) -> Seen {
        let now = Instant::now();
        let moved = std::mem::take(&mut self.moved);
        let mut work = moved;
        for ((side, tcp), since) in legs.into_iter().zip(&mut self.since) {
            let Ok(info) = TcpInfo::of(tcp) else { continue };
            // What an end sent before it was reset is still delivered, as long as somebody takes it.
            let over = info.closed && !moved;
            let owes = !info.closed && (info.unacknowledged || info.unanswered > 0);
            if !owes && !over {
                *since = None;
                work |= info.queued;
                continue;
            }
            work = true;
            let lasted = now - *since.get_or_insert(now);
            if over {
                if lasted >= enough {
                    match tcp.take_error() {
                        Ok(Some(error)) => return Seen::Gone(side, error),
                        // It has ended as connections do; the other direction is not through yet.
                        _ => *since = None,
                    }
                }
            } else if lasted.min(info.silent) >= enough
                // A question or its answer may have been lost, and be asked again much later.
                && (info.unacknowledged || info.unanswered >= QUESTIONS)
            {
                return Seen::Gone(side, io::ErrorKind::TimedOut.into());
            }
        }
        if work { Seen::Work } else { Seen::Rest }
    }
}

#[cfg(test)]
mod tests;
