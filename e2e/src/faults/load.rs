//! What is written to the source while it suffers, and how far the replica has come.

use std::time::{Duration, Instant};

use eastwest::mysql::{Client, Pace, Workload};

use super::arrivals::Arrivals;
use super::error::FaultError;
use super::ledger::Ledger;

/// Enough to have rows under way at any moment, and little enough that every row can be compared after
/// every fault.
const PACE: Pace = Pace {
    rounds: u32::MAX,
    pause: Duration::from_millis(60),
    big_row: 256 << 10,
};
/// Two writers: numbered rows, and a mixture of transactions on several tables.
pub(super) struct Load {
    ledger: Ledger,
    workload: Option<Workload>,
    arrivals: Arrivals,
    source: Client,
}

impl Load {
    /// Makes the tables and begins to write.
    pub(super) fn start(source: &Client, replica: &Client) -> Result<Self, FaultError> {
        Ok(Self {
            ledger: Ledger::start(source)?,
            workload: Some(Workload::start(source, PACE)?),
            arrivals: Arrivals::watch(replica),
            source: source.clone(),
        })
    }

    /// The numbered rows.
    pub(super) const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Stops both writers. That one has failed is an error unless its source was killed.
    pub(super) fn pause(&mut self, source_killed: bool) -> Result<(), FaultError> {
        self.ledger.pause();
        match self.workload.take().map(Workload::stop) {
            Some(Err(error)) if !source_killed => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Starts both again.
    pub(super) fn resume(&mut self) -> Result<(), FaultError> {
        self.ledger.resume();
        if self.workload.is_none() {
            self.workload = Some(Workload::start(&self.source, PACE)?);
        }
        Ok(())
    }

    /// Waits until the replica has a row that is written after this was called; when it had it.
    pub(super) fn catches_up(&self, within: Duration) -> Result<Instant, FaultError> {
        self.arrivals
            .wait(Instant::now(), self.ledger.next(), within)
    }

    /// Waits until the replica has more rows than it had at a moment; when it had.
    pub(super) fn goes_on_after(
        &self,
        moment: Instant,
        within: Duration,
    ) -> Result<Instant, FaultError> {
        self.arrivals.wait(moment, 0, within)
    }

    /// Waits until rows arrive as they are written.
    pub(super) fn flows(&self, within: Duration) -> Result<(), FaultError> {
        self.arrivals.forget();
        self.catches_up(within).map(|_| ())
    }
}
