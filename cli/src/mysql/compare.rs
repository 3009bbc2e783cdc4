//! Proving that two servers hold the same rows.

mod rows;
mod tables;

use std::fmt;

use thiserror::Error;

use super::client::Client;
use super::sql_error::SqlError;

/// What was found to be the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Tables, by name, columns and every row.
    pub tables: usize,
    /// Rows in them.
    pub rows: usize,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows in {} tables are the same",
            self.rows, self.tables
        )
    }
}

/// The first difference that was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Difference {
    /// A table is on one side only.
    #[error("table {table} is {presence}")]
    Table {
        /// Database and table.
        table: String,
        /// On which.
        presence: Presence,
    },
    /// A table has other columns.
    #[error("table {table} has columns ({on_source}) on the source, ({on_replica}) on the replica")]
    Columns {
        /// Database and table.
        table: String,
        /// The source's columns.
        on_source: Columns,
        /// The replica's columns.
        on_replica: Columns,
    },
    /// A row is on one side only.
    #[error("table {table}: row {key} is {presence}")]
    Row {
        /// Database and table.
        table: String,
        /// The row's primary key; the row's digest in a table without one.
        key: String,
        /// On which.
        presence: Presence,
    },
    /// A row has other values.
    #[error("table {table}: row {key} has other values on the replica")]
    Values {
        /// Database and table.
        table: String,
        /// The row's primary key.
        key: String,
    },
}

/// On which side something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The replica does not have it.
    OnlyOnSource,
    /// The source does not have it.
    OnlyOnReplica,
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnlyOnSource => "only on the source",
            Self::OnlyOnReplica => "only on the replica",
        })
    }
}

/// A table's columns with their types, as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(String);

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Two servers do not hold the same, or could not be compared.
#[derive(Debug, Error)]
pub enum CompareError {
    /// They differ.
    #[error("source and replica differ: {0}")]
    Different(#[from] Difference),
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A server gave no digest, as it does for values over `max_allowed_packet`.
    #[error("{place}: table {table}: no digest of row {key}; raise max_allowed_packet")]
    NoDigest {
        /// The server as it was reached.
        place: String,
        /// Database and table.
        table: String,
        /// The row's primary key.
        key: String,
    },
}

/// Compares every row of every table outside the servers' own databases.
///
/// Each server digests its rows (SHA-256 over every column's bytes), so big rows stay where they
/// are. Only what both have committed is compared: stop writing and let the replica catch up
/// first. Floating-point columns are compared as they are printed.
pub fn compare(source: &Client, replica: &Client) -> Result<Compared, CompareError> {
    let tables = tables::list(source)?;
    tables::same(&tables, &tables::list(replica)?)?;
    let mut compared = Compared {
        tables: tables.len(),
        rows: 0,
    };
    for table in &tables {
        let expected = rows::digests(source, table)?;
        rows::same(&table.name, &expected, &rows::digests(replica, table)?)?;
        compared.rows += expected.len();
    }
    Ok(compared)
}

#[cfg(test)]
mod tests;
