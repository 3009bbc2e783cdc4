//! Numbered rows, of which it is known which the source has acknowledged.
//!
//! The table has no primary key, so that a row which came twice would be there twice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use eastwest::mysql::{Client, Session};

use super::error::FaultError;

const TABLE: &str = "
    CREATE DATABASE faults;
    CREATE TABLE faults.ledger (n BIGINT UNSIGNED NOT NULL, text VARCHAR(200) NOT NULL, KEY (n))";
/// Time between two rows.
const PACE: Duration = Duration::from_millis(10);
/// Time until a source that is not there is tried again.
const RETRY: Duration = Duration::from_millis(100);
/// A source that says nothing for so long is not there.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer than one row can take.
const PAUSING: Duration = Duration::from_secs(10);

/// Writes rows 1, 2, 3 and so on until it is dropped.
pub(super) struct Ledger {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    pause: AtomicBool,
    paused: AtomicBool,
    /// The last row that has been sent.
    sent: AtomicU64,
    /// Rows that were sent and not acknowledged: they may have been committed, or not.
    in_doubt: Mutex<BTreeSet<u64>>,
}

impl Ledger {
    /// Makes the table and begins to write.
    pub(super) fn start(source: &Client) -> Result<Self, FaultError> {
        source.sql(TABLE)?;
        let shared = Arc::<Shared>::default();
        let (theirs, source) = (Arc::clone(&shared), source.clone().with_timeout(PATIENCE));
        let thread = thread::spawn(move || theirs.write(&source));
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// A row that will be written after this was asked.
    pub(super) fn next(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst) + 1
    }

    /// Rows that were written until it is resumed: none more.
    pub(super) fn pause(&self) {
        self.shared.pause.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        while !self.shared.paused.load(Ordering::SeqCst) && begun.elapsed() < PAUSING {
            thread::sleep(PACE);
        }
    }

    /// Writes again.
    pub(super) fn resume(&self) {
        self.shared.pause.store(false, Ordering::SeqCst);
    }

    /// Whether a replica that has caught up has every acknowledged row, and none twice; how many it
    /// has. To be asked while it is paused.
    pub(super) fn check(&self, replica: &Client) -> Result<usize, FaultError> {
        let mut seen = BTreeSet::new();
        let mut doubled = Vec::new();
        for row in replica.sql("SELECT n FROM faults.ledger")? {
            let number = row.first().and_then(|n| n.parse().ok()).unwrap_or(0);
            if !seen.insert(number) {
                doubled.push(number);
            }
        }
        if !doubled.is_empty() {
            return Err(FaultError::Doubled(doubled));
        }
        let lost = self.lost(&seen);
        if lost.is_empty() {
            Ok(seen.len())
        } else {
            Err(FaultError::Lost(lost))
        }
    }

    fn lost(&self, seen: &BTreeSet<u64>) -> Vec<u64> {
        let in_doubt = self.shared.doubts();
        (1..self.next())
            .filter(|n| !seen.contains(n) && !in_doubt.contains(n))
            .collect()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn doubts(&self) -> std::sync::MutexGuard<'_, BTreeSet<u64>> {
        self.in_doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, source: &Client) {
        let mut session: Option<Session> = None;
        while !self.stop.load(Ordering::SeqCst) {
            if self.pause.load(Ordering::SeqCst) {
                self.paused.store(true, Ordering::SeqCst);
                thread::sleep(PACE);
                continue;
            }
            self.paused.store(false, Ordering::SeqCst);
            session = match session {
                Some(session) => self.write_one(session),
                None => connected(source),
            };
            thread::sleep(if session.is_some() { PACE } else { RETRY });
        }
    }

    /// The session, unless it has failed.
    fn write_one(&self, mut session: Session) -> Option<Session> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let insert = format!("INSERT INTO faults.ledger VALUES ({number}, REPEAT('x', 150))");
        if session.sql(&insert).is_ok() {
            return Some(session);
        }
        self.doubts().insert(number);
        None
    }
}

/// A client that has not found its server has ended by the first question.
fn connected(source: &Client) -> Option<Session> {
    let mut session = source.session().ok()?;
    session.sql("SELECT 1").ok()?;
    Some(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sent: u64, in_doubt: &[u64]) -> Ledger {
        let shared = Shared::default();
        shared.sent.store(sent, Ordering::SeqCst);
        shared.doubts().extend(in_doubt);
        Ledger {
            shared: Arc::new(shared),
            thread: None,
        }
    }

    #[test]
    fn a_row_that_was_acknowledged_is_lost_if_it_is_missing() {
        let ledger = written(5, &[3]);
        assert_eq!(ledger.lost(&BTreeSet::from([1, 4, 5])), [2]);
    }

    #[test]
    fn a_row_in_doubt_may_be_there_or_not() {
        let ledger = written(3, &[3]);
        assert!(ledger.lost(&BTreeSet::from([1, 2])).is_empty());
        assert!(ledger.lost(&BTreeSet::from([1, 2, 3])).is_empty());
    }
}
