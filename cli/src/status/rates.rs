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

/// A reading: what each connection had moved at some time.
#[derive(Debug)]
pub(super) struct Reading {
    at: Instant,
    moved: HashMap<u64, (u64, u64)>,
}

impl Reading {
    pub(super) fn of(rows: &[Row], at: Instant) -> Self {
        let moved = rows
            .iter()
            .map(|row| (row.id, (row.bytes_to_upstream, row.bytes_to_peer)));
        Self {
            at,
            moved: moved.collect(),
        }
    }

    /// How fast a connection has been since; nothing is known of one that was not there, or of another
    /// process's of the same number.
    pub(super) fn rate_of(&self, row: &Row, now: Instant) -> Option<Rate> {
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
        let first = Reading::of(&[row(0, 100, 1000), row(1, 7, 7)], begun);
        let later = begun + Duration::from_secs(2);
        let rate = first.rate_of(&row(0, 300, 1000), later);
        let wanted = Rate {
            to_upstream: 100.0,
            to_peer: 0.0,
        };
        assert_eq!(rate, Some(wanted));
        assert_eq!(first.rate_of(&row(2, 300, 1000), later), None);
        assert_eq!(first.rate_of(&row(1, 0, 7), later), None);
        assert_eq!(first.rate_of(&row(1, 7, 7), begun), None);
    }
}
