//! The loads: what a client asks of the far app over a path, and what it makes of the answers.

mod connections;
mod opening;
mod replication;
mod requests;
mod streams;
mod tally;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::timeout;

use super::event_rate::EventRate;
use super::wire::{Wanted, ask};
use crate::measure::meter;
use crate::measure::stats::Latencies;
use tally::Tally;

/// The clocks of the programs of a way, each by what it does there.
pub(super) type Meter = meter::Meter<&'static str>;
/// A stretch of load, and what it has cost.
pub(super) type Window = meter::Window<&'static str>;

/// For connecting and the like: a way that hangs is found out.
const PATIENCE: Duration = Duration::from_secs(20);

/// One of the loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// So many streams from the far app, as fast as they go.
    Streams(NonZeroU16),
    /// New connections, one after another, several at a time.
    Connections,
    /// 64 bytes there and back on one connection.
    Requests,
    /// Events one way and acknowledgements the other, so many a second, or as they go.
    Replication(Option<EventRate>),
}

/// What is measured of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Metric {
    /// Payload.
    Gbit,
    /// Connections, requests or events.
    PerSecond,
    /// Of a connection, a request or an event until its acknowledgement, in microseconds.
    P50,
    /// The same, of which one in a hundred takes longer.
    P99,
    /// The same, of which one in a thousand does.
    P999,
}

/// How long a figure is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Of the way, as far as it is known: a connection takes some of them to be opened.
    pub(super) rtt: Duration,
    /// Before that, until buffers have grown.
    pub(super) warm_up: Duration,
    /// The time that counts.
    pub(super) length: Duration,
}

/// What one round of a load says of a way.
#[derive(Debug)]
pub(super) struct Taken {
    /// The figures.
    pub(super) values: Vec<(Metric, f64)>,
    /// What it has cost; the count is of bytes, connections, requests or events.
    pub(super) window: Window,
}

impl Load {
    /// Its short name, in JSON and on the command line.
    pub(super) fn key(self) -> String {
        match self {
            Self::Streams(n) => format!("streams-{n}"),
            Self::Connections => "connections".to_owned(),
            Self::Requests => "requests".to_owned(),
            Self::Replication(None) => "replication".to_owned(),
            Self::Replication(Some(_)) => "replication-paced".to_owned(),
        }
    }

    /// What is measured, the first of which is what ways are compared by.
    pub(super) const fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Streams(_) | Self::Replication(None) => &[Metric::Gbit],
            Self::Connections => &[Metric::PerSecond, Metric::P50, Metric::P99],
            Self::Requests => &[Metric::P50, Metric::P99, Metric::P999, Metric::PerSecond],
            Self::Replication(Some(_)) => &[Metric::P50, Metric::P99, Metric::PerSecond],
        }
    }

    /// How many have to come in a round, in the median of all, for a metric to be told.
    pub(super) const fn least(self, metric: Metric) -> u64 {
        match (self, metric) {
            (Self::Connections, Metric::PerSecond) => connections::LEAST,
            (_, metric) => metric.least(),
        }
    }

    /// What CPU time is told for: its name, and how many counted things one of it is.
    pub(super) const fn cpu_unit(self) -> (&'static str, f64) {
        match self {
            Self::Streams(_) | Self::Replication(None) => ("CPU-s/GB", 1e9),
            // Seconds of a million are microseconds of one.
            Self::Connections | Self::Requests | Self::Replication(Some(_)) => ("CPU-us each", 1e6),
        }
    }

    /// How many are open at a time.
    fn connections(self) -> u32 {
        match self {
            Self::Streams(n) => n.get().into(),
            Self::Connections => connections::AT_ONCE,
            Self::Requests | Self::Replication(_) => 1,
        }
    }

    /// Takes the figures of one round through `entry`.
    ///
    /// # Errors
    /// When a connection breaks, or nothing comes through.
    pub(super) fn take(
        self,
        entry: SocketAddr,
        meter: &Meter,
        pace: Pace,
    ) -> anyhow::Result<Taken> {
        // All of it has limits of its own, which say more; this one is for what they do not cover.
        let limit = pace.opening(self.connections()) + pace.warm_up + pace.length + PATIENCE;
        run(limit, async {
            match self {
                Self::Streams(n) => streams::take(entry, n, meter, pace).await,
                Self::Connections => connections::take(entry, meter, pace).await,
                Self::Requests => requests::take(entry, meter, pace).await,
                Self::Replication(rate) => replication::take(entry, rate, meter, pace).await,
            }
        })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streams(n) if n.get() == 1 => f.write_str("one stream from the far app"),
            Self::Streams(n) => write!(f, "{n} streams from the far app"),
            Self::Connections => write!(f, "new connections, {} at a time", connections::AT_ONCE),
            Self::Requests => f.write_str("64 bytes there and back, one connection"),
            Self::Replication(None) => {
                f.write_str("events of replication as fast as they go, acknowledged")
            }
            Self::Replication(Some(rate)) => {
                write!(f, "events of replication, {rate} a second, acknowledged")
            }
        }
    }
}

impl Metric {
    /// Of the slowest in a thousand there have to be some.
    const fn least(self) -> u64 {
        match self {
            Self::Gbit | Self::PerSecond | Self::P50 => 1,
            Self::P99 => 100,
            Self::P999 => 1000,
        }
    }

    /// What its column is called.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Gbit => "Gbit/s",
            Self::PerSecond => "a second",
            Self::P50 => "p50 us",
            Self::P99 => "p99 us",
            Self::P999 => "p99.9 us",
        }
    }
}

/// Whether the far app answers there.
///
/// # Errors
/// When it cannot be dialled, or somebody else answers, or nobody within `limit`.
pub(super) fn greet(entry: SocketAddr, limit: Duration) -> anyhow::Result<()> {
    run(limit, async {
        open(entry, Wanted::Greeting).await.map(drop)
    })
}

/// A connection to the far app that has said what it wants.
async fn open(entry: SocketAddr, wanted: Wanted) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(entry).await;
    let mut stream = stream.with_context(|| format!("connecting to {entry}"))?;
    stream.set_nodelay(true)?;
    let asked = ask(&mut stream, wanted).await;
    asked.with_context(|| format!("asking the far app through {entry}"))?;
    Ok(stream)
}

/// Runs a load to its end on this thread. Tasks that are left over end with it.
fn run<T>(limit: Duration, load: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    let done = tasks.block_on(&runtime, async { timeout(limit, load).await });
    done.unwrap_or_else(|_| bail!("not done after {limit:?}"))
}

/// Percentiles of the times of a round; whether enough came is seen when there are all rounds.
fn percentiles(times: Vec<u64>, wanted: &[Metric]) -> Vec<(Metric, f64)> {
    let times = Latencies::of(times);
    let each = wanted.iter().filter_map(|metric| {
        let per_mille = match metric {
            Metric::P50 => 500,
            Metric::P99 => 990,
            Metric::P999 => 999,
            Metric::Gbit | Metric::PerSecond => return None,
        };
        Some((*metric, times.per_mille(per_mille)?))
    });
    each.collect()
}

fn gbit(window: &Window) -> f64 {
    window.rate() * 8.0 / 1e9
}

#[cfg(test)]
mod tests;
