//! Connections and bytes under Istio's names, by who talks to whom.
//!
//! The meaning is Istio's: a connection is opened when both of its ends are there, `received` are the bytes
//! of whoever called, `sent` those of the answer. Bytes count while the connection lives: each scrape adds
//! what has come since the last one, and the end adds the rest.
//!
//! Labels say only what is proved or configured. What a client can choose freely, such as a server name
//! that nobody exports, never becomes one; and there are at most [`MOST`] sets of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Counter, counter, describe_counter};

use crate::connections::{ByteCounts, Direction};

/// Label sets of one process. Those who come after that are counted as unknown.
const MOST: usize = 1000;

/// Istio's word where nothing can be said.
const UNKNOWN: &str = "unknown";
/// Envoy's response flags, as far as they fit: nothing wrong, the caller ended it, the called one did.
const FLAGS: [&str; 3] = ["-", "DC", "UC"];

const OPENED: &str = "istio_tcp_connections_opened_total";
const CLOSED: &str = "istio_tcp_connections_closed_total";
const SENT: &str = "istio_tcp_sent_bytes_total";
const RECEIVED: &str = "istio_tcp_received_bytes_total";

/// Who talks to whom, as far as this process knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Talk<'a> {
    /// The identity of who called: proved, or our own.
    pub source_principal: Option<&'a str>,
    /// The identity of who was called: proved, or our own.
    pub destination_principal: Option<&'a str>,
    /// The host that was called, by a name from the configuration.
    pub destination_service: Option<&'a str>,
}

/// The counters of one label set.
#[derive(Debug)]
pub(crate) struct Traffic {
    opened: Counter,
    closed: [Counter; FLAGS.len()],
    received: Counter,
    sent: Counter,
}

/// What of one connection has been counted.
#[derive(Debug, Default)]
pub(crate) struct Counted([AtomicU64; 2]);

/// All label sets of a process.
#[derive(Debug, Default)]
pub(crate) struct Talks {
    known: Mutex<HashMap<Box<str>, Arc<Traffic>>>,
}

impl Talks {
    /// The counters of this label set.
    pub(crate) fn of(&self, direction: Direction, talk: &Talk<'_>) -> Arc<Traffic> {
        // No label has a line break in it: names and identities are checked where they are read.
        let [source, destination, service] = [
            talk.source_principal,
            talk.destination_principal,
            talk.destination_service,
        ]
        .map(|label| label.unwrap_or(UNKNOWN));
        let key = [direction.as_str(), source, destination, service].join("\n");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(traffic) = known.get(key.as_str()) {
            return Arc::clone(traffic);
        }
        let (key, talk) = if known.len() < MOST {
            (key, *talk)
        } else {
            (direction.as_str().to_owned(), Talk::default())
        };
        let new = || Arc::new(Traffic::new(direction, &talk));
        Arc::clone(known.entry(key.into()).or_insert_with(new))
    }
}

impl Traffic {
    fn new(direction: Direction, talk: &Talk<'_>) -> Self {
        let label = |value: Option<&str>| value.unwrap_or(UNKNOWN).to_owned();
        let (reporter, policy) = match direction {
            Direction::Outbound => ("source", "mutual_tls"),
            Direction::Inbound => ("destination", "mutual_tls"),
            // A word of its own: what it passes on is counted at both ends as well. It opens nothing, and
            // so does not know.
            Direction::Passthrough => ("gateway", UNKNOWN),
        };
        let of = |name: &'static str, flags: &'static str| {
            counter!(
                name,
                "reporter" => reporter,
                "source_principal" => label(talk.source_principal),
                "destination_principal" => label(talk.destination_principal),
                "destination_service" => label(talk.destination_service),
                "request_protocol" => "tcp",
                "connection_security_policy" => policy,
                "response_flags" => flags,
            )
        };
        let [none, ..] = FLAGS;
        Self {
            opened: of(OPENED, none),
            closed: FLAGS.map(|flags| of(CLOSED, flags)),
            received: of(RECEIVED, none),
            sent: of(SENT, none),
        }
    }

    /// Both ends of a connection are there.
    pub(crate) fn opened(&self) {
        self.opened.increment(1);
    }

    /// A connection has ended, for a reason of the closed list.
    pub(crate) fn closed(&self, reason: &str) {
        let [none, caller, called] = &self.closed;
        let counter = if reason.starts_with("downstream_") {
            caller
        } else if reason.starts_with("upstream_") {
            called
        } else {
            none
        };
        counter.increment(1);
    }

    /// Adds what has moved since the last time, and says how much that is. Two that count at once add no
    /// byte twice.
    pub(crate) fn count(&self, counted: &Counted, bytes: &ByteCounts) -> [u64; 2] {
        let mut moved = [0; 2];
        let counters = [&self.received, &self.sent];
        let counted = counters.into_iter().zip(&counted.0).zip(bytes.iter());
        for (((counter, counted), bytes), moved) in counted.zip(&mut moved) {
            let now = bytes.load(Ordering::Relaxed);
            let before = counted.fetch_max(now, Ordering::Relaxed);
            *moved = now.saturating_sub(before);
            counter.increment(*moved);
        }
        moved
    }
}

impl Counted {
    /// Takes what has moved so far for counted: another process has.
    pub(crate) fn skip(&self, bytes: &ByteCounts) {
        for (counted, bytes) in self.0.iter().zip(bytes.iter()) {
            counted.fetch_max(bytes.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

pub(crate) fn describe() {
    describe_counter!(OPENED, "Connections both of whose ends were there.");
    describe_counter!(CLOSED, "Of these, those that have ended.");
    describe_counter!(SENT, "Bytes from who was called to who called.");
    describe_counter!(RECEIVED, "Bytes from who called to who was called.");
}

#[cfg(test)]
mod tests;
