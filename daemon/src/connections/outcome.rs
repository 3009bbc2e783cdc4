//! What came of the last connection for a route.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

/// What the newest attempt of which something is known says of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When that was so.
    pub at: When,
    /// When the first of those in a row was that came to the same.
    pub since: When,
    /// What came of it.
    pub attempt: Attempt,
}

/// A moment by the clock that only goes on, and by the one that people know: read once, so that it is told as the same
/// each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// By the one of ages.
    pub instant: Instant,
    /// By the one of people.
    pub clock: SystemTime,
}

impl When {
    /// That of an instant, as both clocks are now.
    fn of(instant: Instant) -> Self {
        let ago = Instant::now().saturating_duration_since(instant);
        let now = SystemTime::now();
        Self {
            instant,
            clock: now.checked_sub(ago).unwrap_or(now),
        }
    }
}

/// What came of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Something has come back over it.
    Made,
    /// Both its ends were there, and the far one has not said a byte.
    Silent,
    /// It came to nothing.
    Failed(Failure),
}

/// Why a connection came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code from the closed list of reasons.
    pub code: &'static str,
    /// The same in words.
    pub said: Arc<str>,
}

impl Outcome {
    /// Why it came to nothing, if it did.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.attempt {
            Attempt::Failed(failure) => Some(failure),
            Attempt::Made | Attempt::Silent => None,
        }
    }

    /// Takes in what came of another connection, unless more recent things are known: answers are noticed at
    /// looks, and so later than they came.
    pub(super) fn follow(last: &mut Option<Self>, at: Instant, attempt: Attempt) {
        let at = match last {
            Some(last) if last.at.instant > at => return,
            // A connection that stays silent is met at each look.
            Some(last) if last.at.instant == at => last.at,
            _ => When::of(at),
        };
        let since = match last {
            Some(last) if last.attempt.is_like(&attempt) => last.since,
            _ => at,
        };
        *last = Some(Self { at, since, attempt });
    }
}

impl Attempt {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
