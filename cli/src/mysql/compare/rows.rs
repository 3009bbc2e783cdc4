//! What is in a table.

use std::cmp::Ordering;

use super::tables::Table;
use super::{CompareError, Difference, Presence};
use crate::mysql::client::Client;

/// A row by its primary key and the digest of all its columns. They sort by both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// The digest itself in a table without primary key.
    pub(super) key: String,
    pub(super) digest: String,
}

/// All rows of a table, sorted.
pub(super) fn digests(client: &Client, table: &Table) -> Result<Vec<Row>, CompareError> {
    let mut rows = Vec::new();
    for line in client.sql(&statement(table))? {
        let mut columns = line.into_iter();
        let key = columns.next().unwrap_or_default();
        let digest = columns.next().unwrap_or_default();
        // 64 hexadecimal digits, or NULL where a value could not be taken.
        if digest.len() != 64 {
            return Err(CompareError::NoDigest {
                place: client.place().to_owned(),
                table: table.name.clone(),
                key,
            });
        }
        let key = if has_key(table) { key } else { digest.clone() };
        rows.push(Row { key, digest });
    }
    rows.sort();
    Ok(rows)
}

fn has_key(table: &Table) -> bool {
    table.columns.iter().any(|column| column.in_primary_key)
}

/// Each column gives 64 digits, or `-` for NULL, so no two rows are written alike; CONCAT gives
/// NULL if one is NULL, which a value that is left out would not.
fn statement(table: &Table) -> String {
    let key: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.in_primary_key)
        .map(|column| column.name.as_str())
        .collect();
    let key = if key.is_empty() {
        "''".to_owned()
    } else {
        key.join(", ")
    };
    let digests: Vec<String> = table
        .columns
        .iter()
        .map(|column| &column.name)
        .map(|name| format!("IF({name} IS NULL, '-', SHA2(CAST({name} AS BINARY), 256))"))
        .collect();
    format!(
        "SELECT CONCAT_WS(', ', {key}), SHA2(CONCAT({}), 256) FROM {}",
        digests.join(", "),
        table.name
    )
}

/// Whether both have the same rows; both lists are sorted.
pub(super) fn same(table: &str, source: &[Row], replica: &[Row]) -> Result<(), Difference> {
    let only = |row: &Row, presence| Difference::Row {
        table: table.to_owned(),
        key: row.key.clone(),
        presence,
    };
    let (mut here, mut there) = (source.iter(), replica.iter());
    loop {
        let (ours, theirs) = match (here.next(), there.next()) {
            (None, None) => return Ok(()),
            (Some(row), None) => return Err(only(row, Presence::OnlyOnSource)),
            (None, Some(row)) => return Err(only(row, Presence::OnlyOnReplica)),
            (Some(ours), Some(theirs)) => (ours, theirs),
        };
        match ours.key.cmp(&theirs.key) {
            Ordering::Equal if ours.digest == theirs.digest => {}
            Ordering::Equal => {
                let (table, key) = (table.to_owned(), ours.key.clone());
                return Err(Difference::Values { table, key });
            }
            Ordering::Less => return Err(only(ours, Presence::OnlyOnSource)),
            Ordering::Greater => return Err(only(theirs, Presence::OnlyOnReplica)),
        }
    }
}
