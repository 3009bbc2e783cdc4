//! When numbered rows arrive at the replica.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use eastwest::mysql::{Client, Session};

use super::error::FaultError;

/// How exactly it is known when a row has arrived.
const LOOK: Duration = Duration::from_millis(10);
/// A replica that says nothing for so long is asked anew.
const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: &str = "SELECT COALESCE(MAX(n), 0) FROM faults.ledger";

/// The largest number on the replica over time, until this is dropped.
pub(super) struct Arrivals {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A moment at which the replica was seen to have more, and up to which number.
type Step = (Instant, u64);

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    steps: Mutex<Vec<Step>>,
}

impl Arrivals {
    /// Begins to look.
    pub(super) fn watch(replica: &Client) -> Self {
        let shared = Arc::<Shared>::default();
        let (theirs, replica) = (Arc::clone(&shared), replica.clone().with_timeout(PATIENCE));
        let thread = thread::spawn(move || theirs.look(&replica));
        Self {
            shared,
            thread: Some(thread),
        }
    }

    /// Waits until something has arrived after `since`, up to row `number` or beyond; when that was.
    pub(super) fn wait(
        &self,
        since: Instant,
        number: u64,
        within: Duration,
    ) -> Result<Instant, FaultError> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if let Some(arrived) = arrived(&self.shared.steps(), since, number) {
                return Ok(arrived);
            }
            thread::sleep(LOOK);
        }
        Err(FaultError::Stalled { waited: within })
    }

    /// Forgets what has arrived, but for the last step.
    pub(super) fn forget(&self) {
        let mut steps = self.shared.steps();
        let last = steps.pop();
        steps.clear();
        steps.extend(last);
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn steps(&self) -> MutexGuard<'_, Vec<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, replica: &Client) {
        let mut session: Option<Session> = None;
        while !self.stop.load(Ordering::Relaxed) {
            session = session.or_else(|| replica.session().ok());
            // It may just have been killed, or not have the table yet.
            let largest = session.as_mut().and_then(|session| {
                let rows = session.sql(LARGEST).ok()?;
                rows.first()?.first()?.parse::<u64>().ok()
            });
            match largest {
                None => session = None,
                Some(largest) => {
                    let mut steps = self.steps();
                    if steps.last().is_none_or(|&(_, last)| last < largest) {
                        steps.push((Instant::now(), largest));
                    }
                }
            }
            thread::sleep(LOOK);
        }
    }
}

fn arrived(steps: &[Step], since: Instant, number: u64) -> Option<Instant> {
    let mut steps = steps.iter().copied();
    steps
        .find(|&(moment, reached)| moment >= since && reached >= number)
        .map(|(moment, _)| moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_from_before_the_moment_do_not_count() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let steps = [(at(1), 10), (at(5), 12), (at(6), 20)];
        let of = |since, number| arrived(&steps, at(since), number);
        assert_eq!(of(2, 0), Some(at(5)));
        assert_eq!(of(2, 10), Some(at(5)));
        assert_eq!(of(2, 13), Some(at(6)));
        assert_eq!(of(2, 21), None);
        assert_eq!(of(7, 1), None);
    }
}
