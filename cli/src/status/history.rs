//! `eastwest conns --history`: the last connections, stage by stage.

use std::io::{self, Write};

use serde::Deserialize;
use serde_json::Value;

use super::quantities::bytes;
use super::server::{AdminArgs, AdminError};
use super::{Output, print_json};
use crate::one_line::in_one_line;
use crate::table::{Table, columns};

/// Where a server tells of them.
const HISTORY: &str = "/history.json";

const HEAD: [&str; 14] = [
    "OPENED",
    "ROUTE",
    "FROM",
    "DNS",
    "CONNECT",
    "HELLO",
    "TLS",
    "FIRST UP",
    "FIRST DOWN",
    "LAST",
    "END",
    "UP",
    "DOWN",
    "REASON",
];
/// What a narrow terminal does without: what took long, and how it ended, is what one looks for.
pub(super) const SPARE: [&str; 8] = [
    "UP", "DOWN", "HELLO", "DNS", "LAST", "FROM", "FIRST UP", "OPENED",
];

/// What the server remembers.
#[derive(Debug, Deserialize)]
struct History {
    capacity: u64,
    recorded: u64,
    timelines: Vec<Timeline>,
}

#[derive(Debug, Deserialize)]
struct Timeline {
    opened: String,
    peer: String,
    route: Option<String>,
    ended: Option<String>,
    reason: Option<String>,
    bytes_to_upstream: u64,
    bytes_to_peer: u64,
    milliseconds: Stages,
}

/// Since the accept; nothing where it did not happen.
#[derive(Debug, Deserialize)]
struct Stages {
    dns: Option<f64>,
    connect: Option<f64>,
    hello: Option<f64>,
    handshake: Option<f64>,
    first_byte_to_upstream: Option<f64>,
    first_byte_to_peer: Option<f64>,
    last_byte: Option<f64>,
    end: Option<f64>,
}

impl Stages {
    const fn in_order(&self) -> [Option<f64>; 8] {
        [
            self.dns,
            self.connect,
            self.hello,
            self.handshake,
            self.first_byte_to_upstream,
            self.first_byte_to_peer,
            self.last_byte,
            self.end,
        ]
    }
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server at {0} keeps no history of connections: its version has none; `eastwest conns` lists those \
     that are open, and its log has a line for each that has ended"
)]
struct NoHistory(std::net::SocketAddr);

/// Asks for it, and prints it.
///
/// # Errors
/// When the server cannot be asked or has none, or nothing can be printed.
pub(super) fn print(
    server: &AdminArgs,
    limit: usize,
    wide: bool,
    output: Output,
) -> anyhow::Result<()> {
    let asked: Result<Value, _> = server.get(HISTORY, &format!("?limit={limit}"));
    let whole = match asked {
        Err(AdminError::Older { address, .. }) => return Err(NoHistory(address).into()),
        asked => asked?,
    };
    let mut out = io::stdout().lock();
    if output == Output::Json {
        return Ok(print_json(&mut out, &whole)?);
    }
    let history = History::deserialize(&whole).map_err(|_| server.tells_else(HISTORY))?;
    Ok(table(&mut out, &history, wide)?)
}

fn table(out: &mut impl Write, history: &History, wide: bool) -> io::Result<()> {
    let remembered = format!(
        "{} of {} connections so far; {} are remembered.",
        history.timelines.len(),
        history.recorded,
        history.capacity,
    );
    let unit = "Milliseconds since each was accepted:";
    let columns = columns().filter(|_| !wide);
    let between = match columns.is_some_and(|columns| columns <= remembered.len() + unit.len()) {
        true => "\n",
        false => " ",
    };
    writeln!(out, "{remembered}{between}{unit}")?;
    if history.timelines.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(HEAD).sparing(&SPARE);
    for one in &history.timelines {
        let [
            dns,
            connect,
            hello,
            handshake,
            first_up,
            first_down,
            last,
            end,
        ] = one.milliseconds.in_order().map(shown);
        let reason = match (&one.reason, &one.ended) {
            (Some(reason), _) => reason,
            (None, Some(_)) => "-",
            (None, None) => "open",
        };
        table.row([
            in_one_line(&one.opened),
            in_one_line(one.route.as_deref().unwrap_or("-")),
            in_one_line(&one.peer),
            dns,
            connect,
            hello,
            handshake,
            first_up,
            first_down,
            last,
            end,
            bytes(one.bytes_to_upstream as f64),
            bytes(one.bytes_to_peer as f64),
            in_one_line(reason),
        ]);
    }
    match wide {
        true => table.print_whole(out),
        false => table.print(out),
    }
}

fn shown(milliseconds: Option<f64>) -> String {
    milliseconds.map_or_else(|| "-".to_owned(), |time| format!("{time:.1}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stage_that_did_not_happen_has_no_time() {
        let stages = json!({
            "dns": null, "connect": 0.44, "hello": 1.0, "handshake": 2.25, "first_byte_to_upstream": null,
            "first_byte_to_peer": null, "last_byte": null, "end": 10.0,
        });
        let history = json!({
            "capacity": 1000, "recorded": 1234, "timelines": [{
                "id": 7, "connection_id": null, "direction": "outbound", "peer": "127.0.0.1:40000",
                "upstream": null, "identity": null, "route": "src-db-0.pxc.svc.cluster.local:3306",
                "opened": "2026-11-26T12:00:00Z", "ended": "2026-11-26T12:00:01Z",
                "reason": "dial_refused", "bytes_to_upstream": 0, "bytes_to_peer": 2048,
                "milliseconds": stages,
            }],
        });
        let mut out = Vec::new();
        table(&mut out, &History::deserialize(&history).unwrap(), false).unwrap();
        let text = String::from_utf8(out).unwrap();
        let row = text.lines().last().unwrap();
        let cells: Vec<_> = row
            .split("  ")
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .collect();
        assert_eq!(
            cells,
            [
                "2026-11-26T12:00:00Z",
                "src-db-0.pxc.svc.cluster.local:3306",
                "127.0.0.1:40000",
                "-",
                "0.4",
                "1.0",
                "2.2",
                "-",
                "-",
                "-",
                "10.0",
                "0 B",
                "2.0 KiB",
                "dial_refused",
            ]
        );
        assert!(
            text.starts_with("1 of 1234 connections so far; 1000 are remembered"),
            "{text}"
        );
    }
}
