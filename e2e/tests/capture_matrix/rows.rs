//! The table that the test prints.

use std::io::{self, Write};
use std::net::SocketAddr;

use eastwest::clusters::SOURCE;

use super::replica::ServerAt;

/// What a mode came to, beside one server and over one family.
pub(crate) struct Row {
    pub(crate) mode: &'static str,
    pub(crate) server: ServerAt,
    /// Behind the alias.
    pub(crate) dials: SocketAddr,
    pub(crate) outcome: &'static str,
}

/// Printed row by row, so that it is known how far a failure came.
pub(crate) struct Table {
    rows: usize,
}

impl Table {
    pub(crate) fn begin() -> Self {
        say(
            "\n| mode | mysqld on | family | app dials | at | outcome |\n|---|---|---|---|---|---|",
        );
        Self { rows: 0 }
    }

    pub(crate) fn add(&mut self, row: Row) {
        let Row {
            mode,
            server,
            dials,
            outcome,
        } = row;
        let family = if dials.is_ipv4() { "IPv4" } else { "IPv6" };
        let (name, port) = (SOURCE.name, dials.port());
        say(&format!(
            "| {mode} | {server} | {family} | src-{name}:{port} | {dials} | {outcome} |"
        ));
        self.rows += 1;
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }
}

/// Not `eprintln!`, which the test harness would keep back.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
