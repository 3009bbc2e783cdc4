//! What has become of replication, and whether that is good enough.

use std::time::Duration;

use eastwest::mysql::Compared;

use super::fault::{Expected, Fault};
use super::ground::CONNECT_RETRY;

/// The longest that a dead path may go unnoticed.
pub const NOTICED_WITHIN: Duration = Duration::from_secs(15);
/// For an attempt that is under way when the path comes back, which asks once a second, and for a
/// machine that does other things.
const SLACK: Duration = Duration::from_millis(1500);
/// The longest time between two transmissions (`TCP_RTO_MAX_MS`, as the transport sets it).
const RETRANSMISSION: Duration = Duration::from_secs(3);

/// What has become of replication.
#[derive(Debug)]
pub struct Outcome {
    /// What was done.
    pub fault: Fault,
    /// From the strike until the app's connection was over; none if it went on.
    pub told: Option<Duration>,
    /// What the calling shim says of the connections that ended, until rows arrived again: each
    /// reason once.
    pub reasons: Vec<String>,
    /// From the strike until the source's thread for the replica ended; none if it went on.
    pub thread_gone: Option<Duration>,
    /// From when the path was back, and the app had been told, until rows arrived again.
    pub again: Duration,
    /// From there until a row arrived that was written after the path was back, and so all that had
    /// piled up before.
    pub all: Duration,
    /// What is the same on both sides.
    pub compared: Compared,
}

impl Outcome {
    /// What is not as it should be.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let name = self.fault.name();
        match (self.fault.expected(), self.told) {
            (Expected::Told, None) => problems.push(format!("{name}: the app was not told")),
            (Expected::Kept, Some(_)) => problems.push(format!("{name}: the connection was cut")),
            (_, Some(told)) if told > NOTICED_WITHIN => {
                problems.push(format!("{name}: the app was told after {told:.2?}"));
            }
            _ => {}
        }
        let next = match self.told {
            None if self.fault.expected() != Expected::ReplicaGone => RETRANSMISSION,
            _ => CONNECT_RETRY,
        };
        if self.again > next + SLACK {
            let again = self.again;
            problems.push(format!(
                "{name}: rows came {again:.2?} after the path was back"
            ));
        }
        if self.compared.rows == 0 {
            problems.push(format!("{name}: there were no rows to compare"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(fault: Fault, told: Option<u64>, again_ms: u64) -> Vec<String> {
        let outcome = Outcome {
            fault,
            told: told.map(Duration::from_secs),
            reasons: Vec::new(),
            thread_gone: None,
            again: Duration::from_millis(again_ms),
            all: Duration::from_secs(9),
            compared: Compared { tables: 1, rows: 1 },
        };
        outcome.problems()
    }

    #[test]
    fn what_is_told_and_mended_in_time_is_no_problem() {
        assert!(outcome(Fault::BlackHole, Some(14), 1100).is_empty());
        assert!(outcome(Fault::ResolverKilled, None, 0).is_empty());
        assert!(outcome(Fault::Loss, None, 0).is_empty());
        assert!(outcome(Fault::Loss, Some(3), 0).is_empty());
    }

    #[test]
    fn each_way_to_be_too_late_is_named() {
        assert!(outcome(Fault::BlackHole, None, 0)[0].contains("not told"));
        assert!(outcome(Fault::BlackHole, Some(16), 0)[0].contains("told after 16"));
        assert!(outcome(Fault::ResolverKilled, Some(1), 0)[0].contains("was cut"));
        assert!(outcome(Fault::Loss, Some(16), 0)[0].contains("told after 16"));
        assert!(outcome(Fault::GatewayKilled, Some(0), 3000)[0].contains("after the path"));
    }
}
