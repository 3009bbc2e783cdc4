//! What is measured: the rows, and the figures of each.

use clap::ValueEnum;
use serde::Serialize;

/// One kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    /// Eight streams from server to client.
    BulkDown,
    /// Eight streams from client to server.
    BulkUp,
    /// New connections; through the gateway with the whole handshake of mutual TLS.
    Connect,
    /// 64 bytes there and back on one connection.
    Request1,
    /// The same on 32 connections at a time.
    Request32,
    /// Connections that stand and say nothing; the program is started anew for each figure.
    Idle,
    /// DNS questions at 5,000 a second.
    Paced,
    /// As many DNS questions as get answers.
    Saturated,
    /// No row.
    None,
}

/// A figure. All but the rates are the better the lower they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Metric {
    /// CPU-seconds of the program for 10^9 bytes of payload.
    CpuPerGigabyte,
    /// CPU microseconds of the program for one connection, request or question.
    CpuPerEvent,
    /// 10^9 bits of payload a second.
    Gigabits,
    /// Connections, requests or questions a second.
    Rate,
    /// Microseconds from question to answer: the median.
    P50,
    /// 99 of 100 take no longer.
    P99,
    /// 999 of 1,000 take no longer.
    P999,
    /// Memory written for each idle connection, in bytes.
    IdleBytes,
    /// All memory of the program before them, in bytes.
    BaseBytes,
    /// From start to the first byte carried, in milliseconds.
    Start,
    /// Of the largest program's file, in 10^6 bytes.
    Size,
    /// What the load generator had of a CPU.
    Load,
}

impl Metric {
    /// Heading of a column.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::CpuPerGigabyte => "CPU-s/GB",
            Self::CpuPerEvent => "CPU us",
            Self::Gigabits => "Gbit/s",
            Self::Rate => "per second",
            Self::P50 => "p50 us",
            Self::P99 => "p99 us",
            Self::P999 => "p99.9 us",
            Self::IdleBytes => "bytes/connection",
            Self::BaseBytes => "RSS before, KiB",
            Self::Start => "start ms",
            Self::Size => "file MB",
            Self::Load => "load, % CPU",
        }
    }

    /// From the figure as it is kept to the one that is shown.
    pub(crate) const fn shown(self, value: f64) -> f64 {
        match self {
            Self::BaseBytes => value / 1024.0,
            Self::Load => value * 100.0,
            _ => value,
        }
    }
}

/// Whose figure it is where several programs do the job together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Share {
    /// All of them together.
    Whole,
    /// The end of the tunnel at the client.
    ClientEnd,
    /// The end of the tunnel at the server.
    ServerEnd,
}

impl Share {
    /// For a table, behind the name of the subject.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::ClientEnd => ", client end",
            Self::ServerEnd => ", server end",
        }
    }
}

/// One figure of one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub(crate) metric: Metric,
    pub(crate) share: Share,
    pub(crate) value: f64,
}

impl Row {
    /// What it is called in tables and file names, as on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BulkDown => "bulk-down",
            Self::BulkUp => "bulk-up",
            Self::Connect => "connect",
            Self::Request1 => "request1",
            Self::Request32 => "request32",
            Self::Idle => "idle",
            Self::Paced => "paced",
            Self::Saturated => "saturated",
            Self::None => "none",
        }
    }

    /// In a sentence.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BulkDown => "8 streams, server to client",
            Self::BulkUp => "8 streams, client to server",
            Self::Connect => "new connections",
            Self::Request1 => "64 bytes there and back, 1 connection",
            Self::Request32 => "64 bytes there and back, 32 connections",
            Self::Idle => "idle connections",
            Self::Paced => "5,000 questions a second",
            Self::Saturated => "as many questions as get answers",
            Self::None => "",
        }
    }

    /// The figure that the row is about, which is plotted and compared.
    pub(crate) const fn main_metric(self) -> Metric {
        match self {
            Self::BulkDown | Self::BulkUp => Metric::CpuPerGigabyte,
            Self::Idle => Metric::IdleBytes,
            _ => Metric::CpuPerEvent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for row in Row::value_variants() {
            let named = row.to_possible_value();
            assert_eq!(
                named.map(|it| it.get_name().to_owned()).as_deref(),
                Some(row.name())
            );
        }
    }
}
