//! What is known of one gateway: whether it answers, and if not, until when it is tried last.
//!
//! A state machine without clock and sockets. What it is told comes from the connections that apps
//! ask for; a probe decides where those leave it open.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use eastwest_mesh::OutlierDetection;
use tokio::time::Instant;

/// What holds where no DestinationRule says otherwise. Replication has so few connections that each
/// one counts; ten seconds are a gateway's restart.
pub(super) const USUAL: OutlierDetection = OutlierDetection {
    consecutive_failures: NonZeroU32::new(1),
    interval: Duration::from_secs(5),
    base_ejection_time: Duration::from_secs(10),
    max_ejection_percent: NonZeroU8::MIN.saturating_add(99),
};

/// A gateway that is down is not asked more often, whatever a rule says (Istio takes milliseconds).
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// The longest that a gateway is out, unless a rule's own time is longer (Envoy, `max_ejection_time`).
const LONGEST: Duration = Duration::from_secs(300);

/// One gateway's health.
#[derive(Debug, Clone)]
pub(super) struct Health {
    standing: Standing,
    /// Failures in a row.
    failures: u32,
    /// How often it was ejected, less one for each interval that it has been good since.
    ejections: u32,
    probed: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It answers, as far as anyone knows.
    Good { since: Instant },
    /// Something was not answered that might have been; a probe is to tell.
    Doubted,
    /// It is tried last. After this time it is on trial: the first answer brings it back.
    Ejected { until: Instant },
}

impl Health {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            standing: Standing::Good { since: now },
            failures: 0,
            ejections: 0,
            probed: None,
        }
    }

    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    pub(super) const fn ejections(&self) -> u32 {
        self.ejections
    }

    pub(super) const fn is_ejected(&self) -> bool {
        matches!(self.standing, Standing::Ejected { .. })
    }

    /// It has answered. An ejected one is back with that, also before its time is over: it is only
    /// asked then where the others have failed. Returns whether it is back.
    pub(super) fn answered(&mut self, now: Instant) -> bool {
        self.failures = 0;
        let back = self.is_ejected();
        if !matches!(self.standing, Standing::Good { .. }) {
            self.standing = Standing::Good { since: now };
        }
        back
    }

    /// It was silent where it, or what is behind it, should have said something.
    pub(super) fn doubted(&mut self, rule: &OutlierDetection, now: Instant) {
        let Standing::Good { since } = self.standing else {
            return;
        };
        let good_for = now.saturating_duration_since(since).as_nanos();
        let intervals = good_for / rule.interval.as_nanos().max(1);
        let forgiven = u32::try_from(intervals).unwrap_or(u32::MAX);
        self.ejections = self.ejections.saturating_sub(forgiven);
        self.standing = Standing::Doubted;
    }

    /// It could not be reached, or did not answer. Returns for how long it is ejected if that is
    /// so now; `may_eject` says whether the others allow it.
    pub(super) fn failed(
        &mut self,
        rule: &OutlierDetection,
        now: Instant,
        may_eject: bool,
    ) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        self.doubted(rule, now);
        let enough = rule
            .consecutive_failures
            .is_some_and(|most| self.failures >= most.get());
        if self.is_ejected() || !enough || !may_eject {
            return None;
        }
        self.ejections = self.ejections.saturating_add(1);
        let base = rule.base_ejection_time;
        let time = base.saturating_mul(self.ejections).min(LONGEST.max(base));
        self.standing = Standing::Ejected { until: now + time };
        Some(time)
    }

    /// When it is to be probed next; a good one is not.
    pub(super) fn next_probe(&self, rule: &OutlierDetection, now: Instant) -> Option<Instant> {
        let earliest = self
            .probed
            .map_or(now, |probed| probed + rule.interval.max(SHORTEST_INTERVAL));
        match self.standing {
            Standing::Good { .. } => None,
            Standing::Doubted => Some(earliest),
            Standing::Ejected { until } => Some(earliest.max(until)),
        }
    }

    /// A probe begins.
    pub(super) fn probing(&mut self, now: Instant) {
        self.probed = Some(now);
    }
}

#[cfg(test)]
mod tests;
