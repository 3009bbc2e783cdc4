//! How far a replica has got with reading its source's log, applied or not.

use std::time::{Duration, Instant};

use super::error::ReplicationError;
use crate::mysql::client::Client;
use crate::mysql::flavor::Flavor;
use crate::mysql::session::Session;
use crate::mysql::sql_error::SqlError;

/// A place in a source's binary log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    /// The log's file.
    pub file: String,
    /// Bytes from its beginning.
    pub offset: u64,
}

impl LogPosition {
    /// The end of a source's log as it is now.
    ///
    /// # Errors
    /// When the server does not say it.
    pub fn end_of(source: &Client) -> Result<Self, SqlError> {
        let statement = match source.flavor() {
            Flavor::MySql => "SHOW BINARY LOG STATUS",
            Flavor::MariaDb => "SHOW BINLOG STATUS",
        };
        // File and Position come first with both.
        let row = source.sql(statement)?.into_iter().next();
        row.and_then(|row| Self::at(&row, 0))
            .ok_or_else(|| SqlError::Empty {
                place: source.place().to_owned(),
                statement: statement.to_owned(),
            })
    }

    fn at(row: &[String], index: usize) -> Option<Self> {
        Some(Self {
            file: row.get(index)?.clone(),
            offset: row.get(index + 1)?.parse().ok()?,
        })
    }
}

/// `Source_Log_File` in a row of `SHOW REPLICA STATUS`, with `Read_Source_Log_Pos` after it; so it is
/// with both servers.
const READ: usize = 5;
/// `Replica_IO_Running`.
const RUNNING: usize = 10;
/// Asked often, so that an end is seen when it comes; on one connection, so that it costs little.
const POLL: Duration = Duration::from_millis(5);

/// A replica's receiver, seen through a connection that stays.
#[derive(Debug)]
pub struct Receiving<'a> {
    client: &'a Client,
    session: Session,
}

impl<'a> Receiving<'a> {
    /// That of the replica which this client reaches.
    ///
    /// # Errors
    /// When there is no connection.
    pub fn of(client: &'a Client) -> Result<Self, SqlError> {
        let session = client.session()?;
        Ok(Self { client, session })
    }

    /// Starts the receiver alone: what comes is kept in the relay log, and not applied.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn start(&mut self) -> Result<(), SqlError> {
        self.session.sql("START REPLICA IO_THREAD").map(|_| ())
    }

    /// Waits until it has read to `end`.
    ///
    /// # Errors
    /// When it does not in time, has stopped after an error, or the server does not answer.
    pub fn wait_for(&mut self, end: &LogPosition, limit: Duration) -> Result<(), ReplicationError> {
        let begun = Instant::now();
        loop {
            let rows = self.session.sql("SHOW REPLICA STATUS")?;
            let row = rows.into_iter().next().ok_or(ReplicationError::NoChannel)?;
            if LogPosition::at(&row, READ).as_ref() == Some(end) {
                return Ok(());
            }
            let stopped = row.get(RUNNING).is_some_and(|running| running == "No");
            if stopped || begun.elapsed() > limit {
                let status = super::Replica::new(self.client).status()?;
                return Err(ReplicationError::NotCaughtUp {
                    waited: begun.elapsed(),
                    position: format!("{} {}", end.file, end.offset),
                    status: status.ok_or(ReplicationError::NoChannel)?,
                });
            }
            std::thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_file_and_a_number_after_it() {
        let row = ["Waiting", "binlog.000002", "157"].map(str::to_owned);
        let expected = LogPosition {
            file: "binlog.000002".to_owned(),
            offset: 157,
        };
        assert_eq!(LogPosition::at(&row, 1), Some(expected));
        assert_eq!(LogPosition::at(&row, 0), None);
        assert_eq!(LogPosition::at(&row, 2), None);
    }
}
