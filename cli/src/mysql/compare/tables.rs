//! Which tables there are.

use super::{Columns, Difference, Presence};
use crate::mysql::client::Client;
use crate::mysql::sql_error::SqlError;
use crate::mysql::sql_text::identifier;

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// `database.table`, quoted.
    pub(super) name: String,
    /// In the table's order.
    pub(super) columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Quoted.
    pub(super) name: String,
    /// With `NOT NULL` where it is.
    pub(super) kind: String,
    pub(super) in_primary_key: bool,
}

const COLUMNS: &str = "
    SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_KEY
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
      ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
    WHERE t.TABLE_TYPE = 'BASE TABLE'
      AND t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION";

/// Every table but the server's own, by name.
pub(super) fn list(client: &Client) -> Result<Vec<Table>, SqlError> {
    let mut tables: Vec<Table> = Vec::new();
    for row in client.sql(COLUMNS)? {
        let [schema, table, column, kind, nullable, key] = row.as_slice() else {
            continue;
        };
        let name = format!("{}.{}", identifier(schema), identifier(table));
        let null = if nullable == "NO" { " NOT NULL" } else { "" };
        let column = Column {
            name: identifier(column),
            kind: format!("{kind}{null}"),
            in_primary_key: key == "PRI",
        };
        match tables.last_mut() {
            Some(last) if last.name == name => last.columns.push(column),
            _ => tables.push(Table {
                name,
                columns: vec![column],
            }),
        }
    }
    // Servers may sort names by different collations.
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

/// Whether both have the same tables; both lists are sorted by name.
pub(super) fn same(source: &[Table], replica: &[Table]) -> Result<(), Difference> {
    let missing = |from: &[Table], table: &Table| from.iter().all(|t| t.name != table.name);
    for (here, there, presence) in [
        (source, replica, Presence::OnlyOnSource),
        (replica, source, Presence::OnlyOnReplica),
    ] {
        if let Some(table) = here.iter().find(|table| missing(there, table)) {
            return Err(Difference::Table {
                table: table.name.clone(),
                presence,
            });
        }
    }
    match source.iter().zip(replica).find(|(a, b)| a != b) {
        None => Ok(()),
        Some((a, b)) => Err(Difference::Columns {
            table: a.name.clone(),
            on_source: shown(a),
            on_replica: shown(b),
        }),
    }
}

fn shown(table: &Table) -> Columns {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let key = if column.in_primary_key {
                " PRIMARY KEY"
            } else {
                ""
            };
            format!("{} {}{key}", column.name, column.kind)
        })
        .collect();
    Columns(columns.join(", "))
}
