//! What `SHOW REPLICA STATUS` says.

use std::collections::BTreeMap;
use std::fmt;

/// What the thread that reads from the source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IoThread {
    /// Connected, reading.
    Running,
    /// Trying to connect.
    Connecting,
    /// Stopped, by a statement or after an error that is worth no further try.
    Stopped,
}

/// A row of `SHOW REPLICA STATUS`, under MySQL's names for both servers: `Replica_IO_Running`,
/// `Source_Host`, `Last_IO_Error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaStatus {
    fields: BTreeMap<String, String>,
}

impl ReplicaStatus {
    /// MariaDB says `Master` and `Slave` where MySQL says `Source` and `Replica`.
    pub(super) fn from_record(record: BTreeMap<String, String>) -> Self {
        let fields = record
            .into_iter()
            .map(|(name, value)| {
                (
                    name.replace("Master", "Source").replace("Slave", "Replica"),
                    value,
                )
            })
            .collect();
        Self { fields }
    }

    /// One field, empty if the server has none of that name.
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// All fields.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }

    /// What the thread that reads from the source does.
    pub fn io_thread(&self) -> IoThread {
        match self.get("Replica_IO_Running") {
            "Yes" => IoThread::Running,
            // MariaDB calls it Preparing from the start to the first attempt.
            "Connecting" | "Preparing" => IoThread::Connecting,
            _ => IoThread::Stopped,
        }
    }

    /// Whether it is connected and applies what comes.
    pub fn is_running(&self) -> bool {
        self.io_thread() == IoThread::Running && self.get("Replica_SQL_Running") == "Yes"
    }

    /// Whether a transaction could not be applied.
    pub fn has_sql_error(&self) -> bool {
        !matches!(self.get("Last_SQL_Errno"), "" | "0")
    }

    /// The source's name as it was given.
    pub fn source_host(&self) -> &str {
        self.get("Source_Host")
    }

    /// The source's port; none if the server says something else than a number.
    pub fn source_port(&self) -> Option<u16> {
        self.get("Source_Port").parse().ok()
    }
}

impl fmt::Display for ReplicaStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "source {}:{}, IO thread {}, SQL thread {}",
            self.source_host(),
            self.get("Source_Port"),
            self.get("Replica_IO_Running"),
            self.get("Replica_SQL_Running"),
        )?;
        for kind in ["IO", "SQL"] {
            let number = self.get(&format!("Last_{kind}_Errno"));
            if !matches!(number, "" | "0") {
                let text = self.get(&format!("Last_{kind}_Error"));
                write!(f, ", Last_{kind}_Error {number}: {text}")?;
            }
        }
        for name in ["Executed_Gtid_Set", "Gtid_IO_Pos"] {
            if !self.get(name).is_empty() {
                write!(f, ", {name} {}", self.get(name))?;
            }
        }
        Ok(())
    }
}
