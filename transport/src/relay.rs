//! The relay: bytes from one leg to the other, both ways, until both have ended.
//!
//! What it promises: a FIN arrives as a FIN in its own direction only (half-close), a reset arrives
//! as a reset, what has been read is flushed before the relay waits for more, and counts move while
//! bytes do. It holds no buffer and no pipe while nothing is under way: they are the thread's, and a
//! connection has them only for what the other leg could not take at once.
//!
//! - `counts`: how many bytes, and when the first and the last
//! - `half`: one direction: what to move, and by which means
//! - `leg`, `tls_leg`: an end of the relay, in clear and under TLS
//! - `shim`: the relay between such two, as a shim has it
//! - `row`, `remainder`: the buffers; `pipe`: what splice(2) goes through
//! - `transit`: what is under way while a relay stands still, and how another process gets it
//! - `patience`: how long an end may say nothing; `vigil`: whether both ends are still there; `cause`: what their errors mean

mod cause;
mod counts;
mod half;
mod leg;
mod patience;
mod pipe;
mod remainder;
mod row;
mod shim;
mod tls_leg;
mod transit;
mod vigil;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use crate::reason::Reason;
use crate::socket;
pub use crate::tls::record::Frame;
pub use cause::upstream_reason;
use cause::{in_words, reason};
pub use counts::Counts;
pub use leg::{Leg, Read};
pub use patience::Patience;
pub use row::Row;
pub use shim::{relay_into_tls, relay_out_of_tls};
pub use tls_leg::TlsLeg;
pub use transit::{Arrived, Piped, Stage, Transit, TransitError, Way};
use vigil::Vigil;

/// How a relay ended.
#[derive(Debug)]
pub struct End {
    /// The reason code.
    pub reason: Reason,
    /// What the kernel or TLS said, where the end was an error.
    pub error: Option<io::Error>,
}

impl End {
    const DRAINED: Self = Self {
        reason: Reason::Drained,
        error: None,
    };
}

/// Which leg an error came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Downstream,
    Upstream,
}

/// Relays until both directions have ended, one leg fails, or `stop` is cancelled. Unless the reason
/// is [`Reason::Finished`], both legs are set to be reset when they are dropped. They are to be dropped at
/// once: to the direction that ends last that is its end.
#[expect(
    clippy::manual_async_fn,
    reason = "an async fn holds its arguments twice, and this is most of what an idle connection costs"
)]
pub fn relay<D: Leg, U: Leg>(
    downstream: &mut D,
    upstream: &mut U,
    counts: &Counts,
    patience: &Patience,
    stop: &CancellationToken,
) -> impl Future<Output = End> {
    async move {
        let mut transit = Transit::default();
        let end = tokio::select! {
            biased;
            end = run(downstream, upstream, &mut transit, counts, patience) => end,
            () = stop.cancelled() => End::DRAINED,
        };
        transit.passing.note(counts);
        prepare_close(downstream, upstream, &end);
        end
    }
}

/// [`relay`] as it was left in `transit`, until it is over, or `pause` is cancelled: then there is no
/// end, and `transit` has what it takes to go on, here or in another process. What was read is written
/// or in there, and the connections are as the peers know them.
#[expect(clippy::manual_async_fn, reason = "as `relay`")]
pub fn relay_on(
    downstream: &mut TcpStream,
    upstream: &mut TcpStream,
    transit: &mut Transit,
    counts: &Counts,
    patience: &Patience,
    pause: &CancellationToken,
) -> impl Future<Output = Option<End>> {
    async move {
        let end = tokio::select! {
            biased;
            end = run(downstream, upstream, transit, counts, patience) => Some(end),
            () = pause.cancelled() => None,
        };
        transit.passing.note(counts);
        match &end {
            Some(end) => prepare_close(downstream, upstream, end),
            None => transit.passing.begun = true,
        }
        end
    }
}

/// Ends a relay that stands still: both legs are reset when they are dropped.
pub fn cut(downstream: &TcpStream, upstream: &TcpStream) -> End {
    prepare_close(downstream, upstream, &End::DRAINED);
    End::DRAINED
}

fn prepare_close<D: Leg, U: Leg>(downstream: &D, upstream: &U, end: &End) {
    if end.reason != Reason::Finished {
        downstream.reset_on_close();
        upstream.reset_on_close();
    }
}

async fn run<D: Leg, U: Leg>(
    downstream: &mut D,
    upstream: &mut U,
    transit: &mut Transit,
    counts: &Counts,
    patience: &Patience,
) -> End {
    let Transit { up, down, passing } = transit;
    passing.begin(counts);
    let mut bound = IdleBound::new(patience.half_closed);
    let mut vigil = Vigil::default();
    vigil.goes_on = passing.begun;
    let mut down_first = false;
    poll_fn(|cx| {
        let before = up.moved + down.moved;
        let [count_up, count_down] = counts.ways();
        let (to_upstream, to_downstream);
        // In turns: tokio lets a task do so much at a time, and a busy half takes all of it.
        // Not after a failure: a socket tells of a reset once, and says end to whoever asks next.
        if down_first {
            to_downstream = down.poll(cx, upstream, downstream, up.is_done(), count_down);
            to_upstream = match to_downstream {
                Poll::Ready(Err(_)) => Poll::Pending,
                _ => up.poll(cx, downstream, upstream, down.is_done(), count_up),
            };
        } else {
            to_upstream = up.poll(cx, downstream, upstream, down.is_done(), count_up);
            to_downstream = match to_upstream {
                Poll::Ready(Err(_)) => Poll::Pending,
                _ => down.poll(cx, upstream, downstream, up.is_done(), count_down),
            };
        }
        down_first = !down_first;
        let wrote = [&mut up.wrote, &mut down.wrote].map(std::mem::take);
        passing.turn(counts, wrote);
        let ended = (to_upstream.is_ready(), to_downstream.is_ready());
        for (outcome, reader, writer) in [
            (to_upstream, Side::Downstream, Side::Upstream),
            (to_downstream, Side::Upstream, Side::Downstream),
        ] {
            if let Poll::Ready(Err(failure)) = outcome {
                let side = if failure.reading { reader } else { writer };
                let reason = reason(side, &failure.error);
                match side {
                    Side::Downstream if down.is_clear() => downstream.break_off(&failure.error),
                    Side::Upstream if up.is_clear() => upstream.break_off(&failure.error),
                    _ => {}
                }
                return Poll::Ready(End {
                    reason,
                    error: Some(in_words(failure.error)),
                });
            }
        }
        // Where a relay goes on, the kernel may still have something of before.
        let moved = up.moved + down.moved != before || std::mem::take(&mut passing.begun);
        if ended != (true, true) {
            let legs = [
                (Side::Downstream, downstream.tcp()),
                (Side::Upstream, upstream.tcp()),
            ];
            let looked = || passing.note(counts);
            if let Poll::Ready((side, error)) = vigil.poll(cx, moved, patience, legs, looked) {
                return Poll::Ready(End {
                    reason: reason(side, &error),
                    error: Some(error),
                });
            }
        }
        match ended {
            (true, true) => {
                socket::deliver_after_close(downstream.tcp());
                if vigil.may_have_tuned(patience) {
                    socket::deliver_after_close(upstream.tcp());
                }
                Poll::Ready(End {
                    reason: Reason::Finished,
                    error: None,
                })
            }
            (false, false) => Poll::Pending,
            _ => {
                let now = (moved || passing.is_unnoted()).then(Instant::now);
                if let Some(now) = now {
                    passing.note_at(counts, now);
                }
                bound.poll(cx, now)
            }
        }
    })
    .await
}

/// The timer of a half-closed connection; it does not exist until one direction has ended.
struct IdleBound {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl IdleBound {
    const fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    /// With the time of a turn that has moved something.
    fn poll(&mut self, cx: &mut Context<'_>, moved: Option<Instant>) -> Poll<End> {
        let limit = self.limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if let Some(now) = moved {
            timer.as_mut().reset(now + limit);
        }
        timer.as_mut().poll(cx).map(|()| End {
            reason: Reason::HalfCloseIdle,
            error: None,
        })
    }
}

#[cfg(test)]
mod tests;
