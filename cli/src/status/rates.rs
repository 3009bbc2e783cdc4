//! Rates of connections, from two readings.

use std::collections::HashMap;
use std::time::Instant;

use super::told::Row;

/// Bytes a second, to the upstream and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) to_upstream: f64,
    pub(super) to_peer: f64,
}

/// A reading: what each connection of a process had moved at some time.
#[derive(Debug)]
pub(super) struct Reading {
    at: Instant,
    process: Started,
    moved: HashMap<u64, (u64, u64)>,
}

/// A process, by its number and, as far as it says that, the time of its start.
pub(super) type Started = (u32, Option<String>);

impl Reading {
    pub(super) fn of(process: Started, rows: &[Row], at: Instant) -> Self {
        let moved = rows
            .iter()
            .map(|row| (row.id, (row.bytes_to_upstream, row.bytes_to_peer)));
        Self {
            at,
            process,
            moved: moved.collect(),
        }
    }

    /// How fast a connection of a process has been since; nothing is known of one that was not there, or of
    /// another process's of the same number.
    pub(super) fn rate_of(&self, process: &Started, row: &Row, now: Instant) -> Option<Rate> {
        (self.process == *process).then_some(())?;
        let (upstream, peer) = self.moved.get(&row.id)?;
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        let rate = |before: u64, now: u64| {
            let moved = now.checked_sub(before)? as f64;
            (seconds > 0.0).then(|| moved / seconds)
        };
        Some(Rate {
            to_upstream: rate(*upstream, row.bytes_to_upstream)?,
            to_peer: rate(*peer, row.bytes_to_peer)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(id: u64, bytes_to_upstream: u64, bytes_to_peer: u64) -> Row {
        Row {
            id,
            connection_id: None,
            state: "relaying".to_owned(),
            peer: "127.0.0.1:40000".to_owned(),
            identity: None,
            route: None,
            bytes_to_upstream,
            bytes_to_peer,
            age_seconds: 1.0,
        }
    }

    #[test]
    fn a_rate_is_what_has_moved_by_the_time_between() {
        let begun = Instant::now();
        let process = || (1, Some("12:00".to_owned()));
        let first = Reading::of(process(), &[row(0, 100, 1000), row(1, 7, 7)], begun);
        let later = begun + Duration::from_secs(2);
        let rate_of = |row: Row, now| first.rate_of(&process(), &row, now);
        let wanted = Rate {
            to_upstream: 100.0,
            to_peer: 0.0,
        };
        assert_eq!(rate_of(row(0, 300, 1000), later), Some(wanted));
        assert_eq!(rate_of(row(2, 300, 1000), later), None);
        assert_eq!(rate_of(row(1, 0, 7), later), None);
        assert_eq!(rate_of(row(1, 7, 7), begun), None);
    }

    #[test]
    fn nothing_is_known_of_a_process_that_has_started_since() {
        let begun = Instant::now();
        let started = |at: &str| (1, Some(at.to_owned()));
        let first = Reading::of(started("12:00"), &[row(0, 100, 1000)], begun);
        let later = begun + Duration::from_secs(2);
        assert!(
            first
                .rate_of(&started("12:00"), &row(0, 300, 1000), later)
                .is_some()
        );
        assert_eq!(
            first.rate_of(&started("12:01"), &row(0, 300, 1000), later),
            None
        );
    }
}
