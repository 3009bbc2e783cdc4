//! One name server to which questions are forwarded, and whether it has answered lately.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

use crate::forward::probe::Probe;

/// How long a name server that did not answer is asked last.
const REST: Duration = Duration::from_secs(10);

/// What is known of a name server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamState {
    /// It was not asked yet.
    Unasked,
    /// It answered the last question.
    Answers,
    /// It did not answer the last question that it was asked.
    Silent,
    /// It sends questions back to this resolver, and is not asked any more.
    Loops,
}

impl UpstreamState {
    /// For the admin address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::Answers => "answers",
            Self::Silent => "silent",
            Self::Loops => "loops",
        }
    }
}

/// A name server and its health.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) probe: Probe,
    loops: AtomicBool,
    /// It has answered a question at some time.
    heard: AtomicBool,
    epoch: Instant,
    /// Milliseconds since `epoch` until which it rests; zero for one that answers.
    resting_until: AtomicU64,
}

impl Upstream {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            probe: Probe::new(),
            loops: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            epoch: Instant::now(),
            resting_until: AtomicU64::new(0),
        }
    }

    pub(crate) fn state(&self) -> UpstreamState {
        match (self.loops(), self.answers()) {
            (true, _) => UpstreamState::Loops,
            (false, true) if self.heard.load(Ordering::Relaxed) => UpstreamState::Answers,
            (false, true) => UpstreamState::Unasked,
            (false, false) => UpstreamState::Silent,
        }
    }

    /// Whether it sends questions back here.
    pub(crate) fn loops(&self) -> bool {
        self.loops.load(Ordering::Relaxed)
    }

    /// Takes note of it; true if that is news.
    pub(crate) fn set_loops(&self, loops: bool) -> bool {
        self.loops.swap(loops, Ordering::Relaxed) != loops
    }

    /// Whether it may be asked in its turn. Of all questions that come when its rest is over only
    /// one gets a yes, so that a server that is still dead delays no more than that one.
    pub(crate) fn take_turn(&self) -> bool {
        let now = self.now();
        let until = self.resting_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let again = now.saturating_add(REST.as_millis() as u64);
        until <= now
            && self
                .resting_until
                .compare_exchange(until, again, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    fn answers(&self) -> bool {
        self.resting_until.load(Ordering::Relaxed) == 0
    }

    /// It has answered; true if it had not before.
    pub(crate) fn succeeded(&self) -> bool {
        // Nearly always true, and zero, already: a load leaves the cache line shared.
        if !self.heard.load(Ordering::Relaxed) {
            self.heard.store(true, Ordering::Relaxed);
        }
        !self.answers() && self.resting_until.swap(0, Ordering::Relaxed) != 0
    }

    /// It has not answered; true if it had before.
    pub(crate) fn failed(&self) -> bool {
        let until = self.now().saturating_add(REST.as_millis() as u64);
        self.resting_until.swap(until.max(1), Ordering::Relaxed) == 0
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream() -> Upstream {
        Upstream::new(SocketAddr::from(([127, 0, 0, 1], 53)))
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_failed_rests() {
        let upstream = upstream();
        assert!(upstream.take_turn());
        assert!(upstream.failed());
        assert!(!upstream.take_turn());
        assert!(!upstream.answers());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_says_of_one_that_was_not_asked_that_it_answers() {
        let upstream = upstream();
        assert_eq!(upstream.state(), UpstreamState::Unasked);
        upstream.succeeded();
        assert_eq!(upstream.state(), UpstreamState::Answers);
        upstream.failed();
        assert_eq!(upstream.state(), UpstreamState::Silent);
    }

    #[tokio::test(start_paused = true)]
    async fn after_its_rest_a_single_question_tries_it() {
        let upstream = upstream();
        upstream.failed();
        tokio::time::advance(REST).await;
        assert!(upstream.take_turn());
        assert!(!upstream.take_turn());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_ends_the_rest() {
        let upstream = upstream();
        upstream.failed();
        assert!(upstream.succeeded());
        assert!(upstream.take_turn());
        assert!(!upstream.succeeded(), "reported once");
    }
}
