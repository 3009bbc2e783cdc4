//! How long a client has made us wait. As in chess, its clock stands still while the move is ours.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::strangers::Stranger;

/// The most that a client may wait for us in all, so that nobody stays for ever. As long as a replica
/// of MySQL waits for its source (`replica_net_timeout`).
const OURS: Duration = Duration::from_secs(60);

/// A client's clock; see the module. It begins with [`within`](Self::within).
#[derive(Debug, Default)]
pub struct Clock(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    begun: Option<Instant>,
    /// What the client had used when the clock was stopped last.
    used: Duration,
    /// Since when it runs. None while the move is ours.
    since: Option<Instant>,
    /// Until the client has made its first move.
    stranger: Option<Stranger>,
}

/// The client took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late;

/// The move is ours until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Ours<'a>(&'a Clock);

impl Clock {
    /// Stops it: what comes next is for us to do.
    pub fn ours(&self) -> Ours<'_> {
        let mut state = self.state();
        if let Some(since) = state.since.take() {
            state.used += since.elapsed();
        }
        let stranger = state.stranger.take();
        drop(state);
        drop(stranger);
        Ours(self)
    }

    /// Whether it is the client's move.
    pub(super) fn runs(&self) -> bool {
        self.state().since.is_some()
    }

    /// The client is one until it has made a move.
    pub(super) fn of_stranger(&self, stranger: Stranger) {
        self.state().stranger = Some(stranger);
    }

    /// It is none any more.
    pub(super) fn no_stranger(&self) {
        let stranger = self.state().stranger.take();
        drop(stranger);
    }

    /// What comes of `work`, unless the client uses more than `limit` for its part of it.
    ///
    /// # Errors
    /// When it does, or all of it takes a minute more than that.
    pub async fn within<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Late> {
        let begun = self.begin();
        let mut work = pin!(work);
        let mut alarm = pin!(sleep_until(begun + limit));
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            loop {
                let due = self.due(begun, limit);
                // Where it is later than was thought, that is seen when the alarm comes.
                if due < alarm.deadline() || alarm.is_elapsed() {
                    alarm.as_mut().reset(due);
                }
                ready!(alarm.as_mut().poll(context));
                if self.due(begun, limit) <= Instant::now() {
                    return Poll::Ready(Err(Late));
                }
            }
        })
        .await
    }

    /// What the client has used.
    pub(super) fn used(&self, now: Instant) -> Duration {
        let state = self.state();
        let running = state
            .since
            .map(|since| now.saturating_duration_since(since));
        state.used + running.unwrap_or_default()
    }

    fn begin(&self) -> Instant {
        let mut state = self.state();
        let now = Instant::now();
        if state.begun.is_none() {
            state.since = Some(now);
        }
        *state.begun.get_or_insert(now)
    }

    /// When it is over, as things stand.
    fn due(&self, begun: Instant, limit: Duration) -> Instant {
        let state = self.state();
        let last = begun + limit + OURS;
        let left = limit.saturating_sub(state.used);
        state.since.map_or(last, |since| last.min(since + left))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ours<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.begun.is_some() {
            state.since = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_secs(10);
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_silent_has_its_time_and_no_more() {
        let (clock, begun) = (Clock::default(), Instant::now());
        let late = clock.within(LIMIT, std::future::pending::<()>()).await;
        assert_eq!((late, begun.elapsed()), (Err(Late), LIMIT));
        assert_eq!(clock.used(Instant::now()), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_for_us_loses_no_time() {
        let clock = Clock::default();
        let work = async {
            sleep(LIMIT - SECOND).await;
            let ours = clock.ours();
            sleep(3 * LIMIT).await;
            drop(ours);
            sleep(SECOND / 2).await;
        };
        assert_eq!(clock.within(LIMIT, work).await, Ok(()));
        assert_eq!(clock.used(Instant::now()), LIMIT - SECOND / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_before_and_after_a_wait_for_us_adds_up() {
        let (clock, begun) = (Clock::default(), Instant::now());
        let work = async {
            loop {
                sleep(3 * SECOND).await;
                let _ours = clock.ours();
                sleep(2 * SECOND).await;
            }
        };
        let late: Result<(), Late> = clock.within(LIMIT, work).await;
        // Ten seconds of its own, between which it has waited for us three times.
        assert_eq!((late, begun.elapsed()), (Err(Late), LIMIT + 6 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_has_an_end_whosever_move_it_is() {
        let (clock, begun) = (Clock::default(), Instant::now());
        let work = async {
            let _ours = clock.ours();
            std::future::pending::<()>().await;
        };
        assert_eq!(clock.within(LIMIT, work).await, Err(Late));
        assert_eq!(begun.elapsed(), LIMIT + OURS);
        assert_eq!(clock.used(Instant::now()), Duration::ZERO);
    }
}
