//! A way that is walked hop by hop, and what was seen of each.

use std::time::{Duration, Instant};

use super::fault::Fault;
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

    /// The time since the last hop was noted, or since this was asked last.
    pub(super) fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.since, now)
    }

    /// Notes a hop, with the time since the one before.
    pub(super) fn note(&mut self, step: Step, look: Look) {
        let took = self.lap();
        self.note_with(step, look, took);
    }

    /// Notes a hop that took so long.
    pub(super) fn note_with(&mut self, step: Step, look: Look, took: Duration) {
        let (outcome, seen) = match look {
            Look::Fine(seen) => (Outcome::Fine, seen),
            Look::Skipped(why) => (Outcome::Skipped, why),
        };
        self.push(step, outcome, seen, took);
    }

    /// Notes a hop that may be broken; the way ends there.
    pub(super) fn hop<T>(&mut self, look: Result<T, Broken>) -> Result<T, Broken> {
        look.inspect_err(|broken| {
            let took = self.lap();
            let step = broken.fault.step();
            // Where nobody has said a word nobody was met.
            if broken.fault != Fault::PodSilent {
                self.implied(step);
            }
            self.push(step, Outcome::Broken, broken.seen.clone(), took);
        })
    }

    /// What was seen of the last hop, now that more is known.
    pub(super) fn see(&mut self, seen: &str) {
        if let Some(last) = self.taken.last_mut() {
            seen.clone_into(&mut last.seen);
        }
    }

    /// Who has no certificate is shown the pod's, and goes no further.
    pub(super) fn met_by_nobody(&mut self) {
        let took = self.lap();
        self.implied(Step::PodTls);
        let seen = "it shows a certificate, which nothing is held against without --identity";
        self.note_with(Step::PodTls, Look::fine(seen), took);
        for step in [Step::Identities, Step::App] {
            let why = "--identity is not given: nobody would let us in";
            self.note_with(step, Look::skipped(why), Duration::ZERO);
        }
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
                self.note_with(step, Look::fine("the pod was met"), Duration::ZERO);
            }
        }
    }

    fn push(&mut self, step: Step, outcome: Outcome, seen: String, took: Duration) {
        self.taken.push(Taken {
            step,
            outcome,
            seen,
            took,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_has_not_said_a_word_is_not_said_to_have_been_met() {
        let walked = |fault| {
            let mut way = Way::new();
            way.note(Step::GatewayTls, Look::fine("a gateway of ours answers"));
            way.hop::<()>(Err(Broken::new(fault, "seen"))).unwrap_err();
            way.taken.iter().map(|taken| taken.step).collect::<Vec<_>>()
        };
        let [tls, pod] = [Step::GatewayTls, Step::PodTls];
        assert_eq!(walked(Fault::PodSilent), [tls, pod]);
        let met = [tls, Step::Route, Step::PodName, Step::PodTcp, pod];
        assert_eq!(walked(Fault::TlsVersion), met);
    }
}
