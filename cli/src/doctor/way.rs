//! A way that is walked hop by hop, and what was seen of each.

use std::time::{Duration, Instant};

use super::look::{Broken, Look};
use super::step::Step;

/// How a hop was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Fine,
    Skipped,
    Broken,
}

impl Outcome {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Skipped => "skipped",
            Self::Broken => "broken",
        }
    }
}

/// One hop that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) step: Step,
    pub(super) outcome: Outcome,
    pub(super) seen: String,
    pub(super) took: Duration,
}

/// The hops so far.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) taken: Vec<Taken>,
    since: Instant,
}

impl Way {
    pub(super) fn new() -> Self {
        Self {
            taken: Vec::new(),
            since: Instant::now(),
        }
    }

    /// Notes a hop, with the time since the one before.
    pub(super) fn note(&mut self, step: Step, look: Look) {
        let (outcome, seen) = match look {
            Look::Fine(seen) => (Outcome::Fine, seen),
            Look::Skipped(why) => (Outcome::Skipped, why),
        };
        self.push(step, outcome, seen);
    }

    /// Notes a hop that may be broken; the way ends there.
    pub(super) fn hop<T>(&mut self, look: Result<T, Broken>) -> Result<T, Broken> {
        look.inspect_err(|broken| {
            let step = broken.fault.step();
            self.implied(step);
            self.push(step, Outcome::Broken, broken.seen.clone());
        })
    }

    /// What a handshake says of the hops before the one that broke it: who was met there was led to.
    fn implied(&mut self, broken: Step) {
        let through = match broken {
            Step::PodTls | Step::Identities | Step::App => Step::PodTcp,
            _ => return,
        };
        let at = self.taken.last().map(|taken| taken.step);
        for step in Step::ALL {
            if at < Some(step) && step <= through {
                self.note(step, Look::fine("the pod was met"));
            }
        }
    }

    fn push(&mut self, step: Step, outcome: Outcome, seen: String) {
        let now = Instant::now();
        self.taken.push(Taken {
            step,
            outcome,
            seen,
            took: now - self.since,
        });
        self.since = now;
    }
}
