//! Following a source by GTID, the way the Percona operator sets it up.

mod channel;
mod error;
mod log_position;
mod status;

use std::thread;
use std::time::{Duration, Instant};

pub use channel::{Account, Channel, SourceHost};
pub use error::ReplicationError;
pub use log_position::{LogPosition, Receiving};
pub use status::{IoThread, ReplicaStatus};

use super::client::Client;
use super::flavor::Flavor;
use super::sql_error::SqlError;
use super::sql_text::literal;

/// A server seen as one that follows another.
#[derive(Debug, Clone, Copy)]
pub struct Replica<'a> {
    client: &'a Client,
}

const POLL: Duration = Duration::from_millis(200);
/// How long one question for the position waits, between looks at the threads.
const SLICE: Duration = Duration::from_secs(1);

impl<'a> Replica<'a> {
    /// The server that this client reaches.
    pub fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Sets the channel up, in place of what it was before, and starts it.
    pub fn follow(&self, channel: &Channel) -> Result<(), ReplicationError> {
        self.set_up(channel)?;
        Ok(self.start()?)
    }

    /// Sets the channel up, in place of what it was before, and leaves it stopped.
    pub fn set_up(&self, channel: &Channel) -> Result<(), ReplicationError> {
        let statements = channel.statements(self.client.flavor())?;
        self.client.sql(&statements)?;
        Ok(())
    }

    /// Makes it a server that has never followed anybody: without channels and relay logs, with
    /// empty logs and GTIDs of its own. Rows stay.
    pub fn forget(&self) -> Result<(), SqlError> {
        let logs = match self.client.flavor() {
            Flavor::MySql => "RESET BINARY LOGS AND GTIDS",
            Flavor::MariaDb => "RESET MASTER; SET GLOBAL gtid_slave_pos = ''",
        };
        let statements = format!("STOP REPLICA; RESET REPLICA ALL; {logs}");
        self.client.sql(&statements).map(|_| ())
    }

    /// Stops all channels; they keep their settings and their position.
    pub fn stop(&self) -> Result<(), SqlError> {
        self.client.sql("STOP REPLICA").map(|_| ())
    }

    /// Starts all channels where they stopped.
    pub fn start(&self) -> Result<(), SqlError> {
        self.client.sql("START REPLICA").map(|_| ())
    }

    /// How the first channel does; none if there is no channel.
    pub fn status(&self) -> Result<Option<ReplicaStatus>, SqlError> {
        let records = self.client.records("SHOW REPLICA STATUS")?;
        Ok(records.into_iter().next().map(ReplicaStatus::from_record))
    }

    /// The GTIDs of everything that it has received from its source, applied or not; nothing if it
    /// follows nobody.
    pub fn received(&self) -> Result<String, SqlError> {
        let field = match self.client.flavor() {
            Flavor::MySql => "Retrieved_Gtid_Set",
            Flavor::MariaDb => "Gtid_IO_Pos",
        };
        let status = self.status()?;
        Ok(status.map_or_else(String::new, |status| status.get(field).to_owned()))
    }

    /// Waits until it is connected to its source and applies what comes.
    pub fn wait_running(&self, timeout: Duration) -> Result<ReplicaStatus, ReplicationError> {
        let deadline = Instant::now() + timeout;
        loop {
            let status = self.status()?.ok_or(ReplicationError::NoChannel)?;
            if status.is_running() {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(ReplicationError::NotRunning {
                    waited: timeout,
                    status,
                });
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until it has applied everything that the source has committed by now.
    ///
    /// A source that cannot be reached is waited for; a row that cannot be applied is not.
    pub fn wait_caught_up(
        &self,
        source: &Client,
        timeout: Duration,
    ) -> Result<(), ReplicationError> {
        let deadline = Instant::now() + timeout;
        let position = source.committed()?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.reaches(&position, left.min(SLICE))? {
                return Ok(());
            }
            let status = self.status()?.ok_or(ReplicationError::NoChannel)?;
            if left.is_zero() || status.has_sql_error() {
                return Err(ReplicationError::NotCaughtUp {
                    waited: timeout.saturating_sub(left),
                    position,
                    status,
                });
            }
        }
    }

    fn reaches(&self, position: &str, within: Duration) -> Result<bool, SqlError> {
        let (gtids, seconds) = (literal(position), within.as_secs_f32());
        let (question, yes) = match self.client.flavor() {
            // 0: reached, 1: not in time. A time of 0 would wait for ever.
            Flavor::MySql => (
                format!(
                    "SELECT WAIT_FOR_EXECUTED_GTID_SET({gtids}, {})",
                    seconds.max(0.01)
                ),
                "0",
            ),
            // 0: reached, -1: not in time.
            Flavor::MariaDb => (format!("SELECT MASTER_GTID_WAIT({gtids}, {seconds})"), "0"),
        };
        Ok(self.client.value(&question)? == yes)
    }
}

#[cfg(test)]
mod tests;
