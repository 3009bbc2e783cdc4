//! When a connection came how far, before bytes pass.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// One step on the way from the accept to the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The name of whom it goes to has been looked up.
    Dns,
    /// TCP to there has connected.
    Connect,
    /// The ClientHello has been sent, or has come.
    Hello,
    /// The TLS handshake is complete.
    Handshake,
}

const STEPS: usize = 4;

/// The steps that a connection has taken, as microseconds since it began: more than an hour fits, and
/// each step has a limit of seconds. 0 where there was none.
#[derive(Debug)]
pub struct Steps {
    opened: Instant,
    taken: [AtomicU32; STEPS],
}

impl Default for Steps {
    /// Those of a connection that begins now.
    fn default() -> Self {
        Self::since(Instant::now())
    }
}

impl Steps {
    /// None yet, of a connection that began then.
    pub fn since(opened: Instant) -> Self {
        Self {
            opened,
            taken: Default::default(),
        }
    }

    /// When it began.
    pub fn opened(&self) -> Instant {
        self.opened
    }

    /// A step was taken. The last call counts.
    pub fn take(&self, step: Step, at: Instant) {
        let since = at.saturating_duration_since(self.opened).as_micros();
        let since = u32::try_from(since).unwrap_or(u32::MAX);
        self.taken[step as usize].store(since.max(1), Ordering::Relaxed);
    }

    /// How long after its begin the connection took a step.
    pub fn taken(&self, step: Step) -> Option<Duration> {
        let since = self.taken[step as usize].load(Ordering::Relaxed);
        (since != 0).then(|| Duration::from_micros(since.into()))
    }

    /// Takes the steps of one of several attempts for its own, whatever it had before.
    pub fn follow(&self, attempt: &Self) {
        for (own, theirs) in self.taken.iter().zip(&attempt.taken) {
            own.store(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// How many it has taken.
    pub fn count(&self) -> usize {
        let taken = self.taken.iter();
        taken
            .filter(|step| step.load(Ordering::Relaxed) != 0)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_known_to_the_microsecond() {
        let opened = Instant::now();
        let steps = Steps::since(opened);
        assert_eq!(steps.taken(Step::Dns), None);
        steps.take(Step::Connect, opened + Duration::from_nanos(412_900));
        steps.take(Step::Hello, opened);
        assert_eq!(steps.taken(Step::Connect), Some(Duration::from_micros(412)));
        // At once is not never.
        assert_eq!(steps.taken(Step::Hello), Some(Duration::from_micros(1)));
        assert_eq!(steps.count(), 2);
    }

    #[test]
    fn the_attempt_that_is_followed_is_followed_in_all_steps() {
        let opened = Instant::now();
        let (steps, attempt) = (Steps::since(opened), Steps::since(opened));
        steps.take(Step::Dns, opened + Duration::from_millis(1));
        attempt.take(Step::Connect, opened + Duration::from_millis(2));
        steps.follow(&attempt);
        assert_eq!(steps.taken(Step::Dns), None);
        assert_eq!(steps.taken(Step::Connect), Some(Duration::from_millis(2)));
    }
}
