//! Connections as they are printed.

use std::io::{self, Write};
use std::path::PathBuf;

use eastwest_daemon::Direction;
use serde_json::{Value, json};

use super::BadLine;
use super::join::{Connection, called};
use super::line::AccessLine;
use crate::one_line::in_one_line;

/// What is not known.
const UNKNOWN: &str = "-";

/// A line for each connection: when, which, where to, who, and then each hop.
pub(super) fn text(out: &mut impl Write, connections: &[Connection]) -> io::Result<()> {
    for connection in connections {
        writeln!(out, "{}", in_one_line(&line_of(connection)))?;
    }
    Ok(())
}

fn line_of(connection: &Connection) -> String {
    let id = connection.id.map(|id| id.to_string());
    let name = connection.alias().or_else(|| connection.server_name());
    let mut said = format!(
        "{} {} {} {} -> {}",
        connection.time().unwrap_or(UNKNOWN),
        id.as_deref().unwrap_or(UNKNOWN),
        name.or_else(|| connection.port()).unwrap_or(UNKNOWN),
        connection.source().unwrap_or(UNKNOWN),
        connection.destination().unwrap_or(UNKNOWN),
    );
    let hops = connection.hops.iter().map(hop);
    let ended = format!("ended first: {}", connection.ended_first.said());
    let missing = no_lines(&connection.missing);
    let same_id = connection
        .same_id
        .map(|count| format!("NOT JOINED: {count} lines of one hop have this id"));
    for part in hops.chain([ended]).chain(missing).chain(same_id) {
        said.push_str(" | ");
        said.push_str(&part);
    }
    said
}

/// Not everybody calls through a shim, and to `eastwest doctor` the pod's shim talks without a line.
fn no_lines(missing: &[Direction]) -> Vec<String> {
    match missing {
        [Direction::Outbound, Direction::Inbound] => vec![
            "no line of either shim: their logs are not here, or it was eastwest doctor that called".to_owned(),
        ],
        _ => missing.iter().map(|hop| no_line(*hop)).collect(),
    }
}

fn no_line(hop: Direction) -> String {
    match hop {
        Direction::Outbound => {
            "no line of a calling shim: its log is not here, or the client has none \
                                (eastwest doctor, another sidecar)"
                .to_owned()
        }
        Direction::Passthrough | Direction::Inbound => format!("MISSING: {}", called(hop)),
    }
}

fn hop(line: &AccessLine) -> String {
    let error = line.error.as_deref();
    format!(
        "{} {} > {} {:.3} s, {} B up, {} B down, {}{}",
        called(line.hop),
        line.src_addr.as_deref().unwrap_or(UNKNOWN),
        line.dst_addr.as_deref().unwrap_or(UNKNOWN),
        line.duration_ms / 1e3,
        line.bytes_recv,
        line.bytes_sent,
        line.reason,
        error.map_or(String::new(), |error| format!(" ({error})")),
    )
}

/// One object. Fields are added from version to version and never change their meaning.
pub(super) fn json(
    out: &mut impl Write,
    connections: &[Connection],
    bad: &[BadLine],
    without: &[(PathBuf, usize)],
) -> io::Result<()> {
    let bad = bad
        .iter()
        .map(|bad| json!({ "file": bad.file, "line": bad.line, "error": bad.why.to_string() }));
    let all = json!({
        "version": 1,
        "connections": connections.iter().map(connection).collect::<Vec<_>>(),
        "bad_lines": bad.collect::<Vec<_>>(),
        "files_without_lines": without.iter().map(|(file, _)| file).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn connection(of: &Connection) -> Value {
    let names = |hops: &[Direction]| hops.iter().map(|hop| hop.as_str()).collect::<Vec<_>>();
    let hops = of.hops.iter().map(|line| {
        json!({
            "hop": line.hop.as_str(),
            "file": line.file,
            "line": line.number,
            "time": line.time,
            "src_addr": line.src_addr,
            "dst_addr": line.dst_addr,
            "bytes_recv": line.bytes_recv,
            "bytes_sent": line.bytes_sent,
            "duration_ms": line.duration_ms,
            "reason": line.reason,
            "error": line.error,
        })
    });
    json!({
        "connection_id": of.id,
        "joined": of.is_whole(),
        "time": of.time(),
        "alias": of.alias(),
        "server_name": of.server_name(),
        "port": of.port(),
        "source_identity": of.source(),
        "destination_identity": of.destination(),
        "hops": hops.collect::<Vec<_>>(),
        "missing": names(&of.missing),
        "lines_with_same_id": of.same_id,
        "ended_first": { "by": of.ended_first.code(), "hops": names(&of.ended_first.hops()) },
    })
}
