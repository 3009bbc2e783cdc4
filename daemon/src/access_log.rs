//! One line and one count for each connection that has ended.
//!
//! The line's field names are ztunnel's where the meaning is the same, so that queries written for
//! Istio's ambient mode find what they look for. `connection.id` is the same in every process on a
//! connection's way; `id` is this one's own number.

use std::fmt::Display;

use crate::connections::{ConnectionGuard, ConnectionRecord, Direction};

#[cfg(test)]
mod tests;

/// The reason of a connection that says nothing of its route: this process ends.
const DRAINED: &str = "drained";

/// How much attention the end of a connection deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It did what it was there for.
    Ordinary,
    /// It was refused, or broke: somebody may have to act.
    Failure,
    /// A health check or a port scan: counted, and logged at `debug` only.
    Noise,
}

/// How a connection ended.
pub struct Ended<'a> {
    /// The code from the closed list of reasons.
    pub reason: &'static str,
    /// What was said in words, where it did not just finish.
    pub error: Option<&'a dyn Display>,
    /// Which level the line is logged at.
    pub weight: Weight,
}

impl ConnectionGuard {
    /// Takes the connection out of the table, writes its line (log target `access`), counts its reason and keeps
    /// its timeline. Not that of noise: who scans ports would have all places.
    pub fn end(self, ended: &Ended<'_>) {
        let record = self.record();
        self.count_end(ended.reason);
        if ended.weight != Weight::Noise {
            self.keep_timeline(ended.reason);
        }
        if ended.weight == Weight::Failure && ended.reason != DRAINED {
            self.note_failure(ended.reason, || match ended.error {
                Some(error) => error.to_string(),
                None => ended.reason.to_owned(),
            });
        }
        drop(self);
        metrics::counter!(
            "eastwest_connections_ended_total",
            "direction" => record.direction.as_str(),
            "reason" => ended.reason,
        )
        .increment(1);
        write(&record, ended);
    }
}

fn write(record: &ConnectionRecord, ended: &Ended<'_>) {
    // The proven identity is the caller's where we were called, and the far end's where we called.
    let (source, destination) = match record.direction {
        Direction::Inbound => (record.identity.as_deref(), None),
        Direction::Outbound | Direction::Passthrough => (None, record.identity.as_deref()),
    };
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "access",
                id = record.id,
                connection.id = record.connection_id.map(tracing::field::display),
                direction = record.direction.as_str(),
                src.addr = %record.peer,
                src.identity = source,
                dst.addr = record.upstream.map(tracing::field::display),
                dst.service = record.route.as_deref(),
                dst.identity = destination,
                bytes_recv = record.bytes_to_upstream,
                bytes_sent = record.bytes_to_peer,
                duration_ms = record.age_seconds * 1e3,
                reason = ended.reason,
                error = ended.error.map(tracing::field::display),
                "connection ended"
            )
        };
    }
    match ended.weight {
        Weight::Ordinary => line!(info),
        Weight::Failure => line!(warn),
        Weight::Noise => line!(debug),
    }
}
