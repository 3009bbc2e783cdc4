//! Rows written to a source until it is told to stop.

mod statements;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;

use super::client::Client;
use super::session::Session;
use super::sql_error::SqlError;

/// How much is written, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Rounds after which it ends by itself. A round is 5 transactions on 4 tables; every 20th
    /// round has a sixth, which writes one big row.
    pub rounds: u32,
    /// Time between rounds.
    pub pause: Duration,
    /// Size of a big row, in bytes; up to some 100 MiB.
    pub big_row: u32,
}

impl Default for Pace {
    /// At most 20,000 rounds with 5 ms between them, and big rows of 1 MiB: up to 1 GB.
    fn default() -> Self {
        Self {
            rounds: 20_000,
            pause: Duration::from_millis(5),
            big_row: 1 << 20,
        }
    }
}

/// What a workload has written. Every transaction that is counted was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rounds that were completed.
    pub rounds: u32,
    /// Transactions that were committed in them.
    pub transactions: u64,
}

/// Why a workload ended before its time.
#[derive(Debug, Error)]
pub enum WorkloadError {
    /// The source refused a statement or went away.
    #[error("the workload stopped after {} transactions: {source}", written.transactions)]
    Sql {
        /// What it had written by then; the round that failed may be there in part.
        written: Written,
        /// The source's words.
        source: SqlError,
    },
    /// The thread was lost.
    #[error("the workload's thread panicked")]
    Panicked,
}

/// A thread that inserts, updates and deletes rows of several tables, in database `workload`.
/// Dropping it stops it.
#[derive(Debug)]
pub struct Workload {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<Written, WorkloadError>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    transactions: AtomicU64,
}

impl Workload {
    /// Makes the tables unless they are there, and starts to write.
    pub fn start(source: &Client, pace: Pace) -> Result<Self, SqlError> {
        let mut session = source.session()?;
        session.sql(statements::TABLES)?;
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || write(&mut session, pace, &theirs));
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// How many transactions are committed so far.
    pub fn transactions(&self) -> u64 {
        self.shared.transactions.load(Ordering::Relaxed)
    }

    /// Whether it has ended by itself, after its last round or an error.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends it after the round that it is in; what it wrote.
    pub fn stop(mut self) -> Result<Written, WorkloadError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().ok_or(WorkloadError::Panicked)?;
        thread.join().map_err(|_| WorkloadError::Panicked)?
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn write(session: &mut Session, pace: Pace, shared: &Shared) -> Result<Written, WorkloadError> {
    let mut written = Written::default();
    while written.rounds < pace.rounds && !shared.stop.load(Ordering::Relaxed) {
        for transaction in statements::round(written.rounds, pace.big_row) {
            session
                .sql(&transaction)
                .map_err(|source| WorkloadError::Sql { written, source })?;
            written.transactions += 1;
            shared
                .transactions
                .store(written.transactions, Ordering::Relaxed);
        }
        written.rounds += 1;
        thread::sleep(pace.pause);
    }
    Ok(written)
}
