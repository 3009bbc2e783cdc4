//! Counters of the resolver. Every handle is resolved once, when the resolver is bound.

use std::{net::SocketAddr, time::Duration};

use metrics::{Counter, Gauge, Histogram};

/// What became of a question: a closed list, the label `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An alias, answered with addresses.
    Alias,
    /// An alias that has no record of the type asked for.
    NoData,
    /// An alias that is not served.
    Down,
    /// Answered by an upstream.
    Forwarded,
    /// No upstream answered.
    UpstreamsFailed,
    /// As many questions as allowed were on their way.
    Overloaded,
    /// No upstream is configured, or a zone transfer was asked for.
    Refused,
    /// Our own question, come back from an upstream.
    Looped,
    /// Not a well-formed question.
    FormatError,
    /// An operation other than QUERY.
    NotImplemented,
    /// Not a question at all, and not answered.
    Dropped,
}

impl Outcome {
    const ALL: [Self; 11] = [
        Self::Alias,
        Self::NoData,
        Self::Down,
        Self::Forwarded,
        Self::UpstreamsFailed,
        Self::Overloaded,
        Self::Refused,
        Self::Looped,
        Self::FormatError,
        Self::NotImplemented,
        Self::Dropped,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::NoData => "nodata",
            Self::Down => "down",
            Self::Forwarded => "forwarded",
            Self::UpstreamsFailed => "upstreams_failed",
            Self::Overloaded => "overloaded",
            Self::Refused => "refused",
            Self::Looped => "looped",
            Self::FormatError => "format_error",
            Self::NotImplemented => "not_implemented",
            Self::Dropped => "dropped",
        }
    }
}

/// `eastwest_dns_queries_total{protocol, outcome}` and the number of TCP connections.
pub(crate) struct QueryMetrics {
    udp: [Counter; Outcome::ALL.len()],
    tcp: [Counter; Outcome::ALL.len()],
    connections: Gauge,
}

impl QueryMetrics {
    pub(crate) fn new() -> Self {
        let outcomes = |protocol: &'static str| {
            Outcome::ALL.map(|outcome| {
                let outcome = outcome.as_str();
                metrics::counter!("eastwest_dns_queries_total", "protocol" => protocol, "outcome" => outcome)
            })
        };
        Self {
            udp: outcomes("udp"),
            tcp: outcomes("tcp"),
            connections: metrics::gauge!("eastwest_dns_tcp_connections"),
        }
    }

    /// Counts a TCP connection as open until the guard is dropped.
    pub(crate) fn connection(&self) -> OpenConnection {
        self.connections.increment(1);
        OpenConnection(self.connections.clone())
    }

    pub(crate) fn count(&self, tcp: bool, outcome: Outcome) {
        let counters = if tcp { &self.tcp } else { &self.udp };
        if let Some(counter) = counters.get(outcome as usize) {
            counter.increment(1);
        }
    }
}

/// One open TCP connection.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// `eastwest_dns_forward_seconds{upstream}` and `eastwest_dns_forward_failures_total{upstream}`.
#[derive(Debug)]
pub(crate) struct ForwardMetrics {
    upstreams: Vec<(Histogram, Counter)>,
}

impl ForwardMetrics {
    pub(crate) fn new(upstreams: &[SocketAddr]) -> Self {
        let handles = |upstream: &SocketAddr| {
            let upstream = upstream.to_string();
            (
                metrics::histogram!("eastwest_dns_forward_seconds", "upstream" => upstream.clone()),
                metrics::counter!("eastwest_dns_forward_failures_total", "upstream" => upstream),
            )
        };
        Self {
            upstreams: upstreams.iter().map(handles).collect(),
        }
    }

    pub(crate) fn answered(&self, upstream: usize, took: Duration) {
        if let Some((seconds, _)) = self.upstreams.get(upstream) {
            seconds.record(took);
        }
    }

    pub(crate) fn failed(&self, upstream: usize) {
        if let Some((_, failures)) = self.upstreams.get(upstream) {
            failures.increment(1);
        }
    }
}

/// Tells the recorder what the metrics mean.
pub(crate) fn describe() {
    metrics::describe_counter!(
        "eastwest_dns_queries_total",
        "Questions, by transport and by what became of them."
    );
    metrics::describe_gauge!(
        "eastwest_dns_tcp_connections",
        "Open TCP connections of clients."
    );
    metrics::describe_histogram!(
        "eastwest_dns_forward_seconds",
        metrics::Unit::Seconds,
        "Time to the answer of a name server."
    );
    metrics::describe_counter!(
        "eastwest_dns_forward_failures_total",
        "Questions that a name server did not answer."
    );
    metrics::describe_gauge!("eastwest_dns_aliases", "Aliases that are answered.");
}
