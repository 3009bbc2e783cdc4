//! The jobs, and how a figure of each row is taken.

use clap::ValueEnum;
use eastwest_benches::stats::Latencies;
use serde::Serialize;

use crate::bench::Bench;
use crate::config::aliases;
use crate::load::bulk::{Direction, bulk};
use crate::load::connect::connect;
use crate::load::idle::{Held, idle};
use crate::load::question::{paced, saturated};
use crate::load::request::request;
use crate::meter::{Window, shares};
use crate::row::{Metric, Reading, Row, Share};
use crate::running::Running;

/// What a subject is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Job {
    /// Route TLS by the server name, and decrypt nothing.
    Gateway,
    /// Plain TCP in, mutual TLS 1.3 between two ends, plain TCP out.
    Tunnel,
    /// Answer DNS questions for names that it knows.
    Resolver,
}

/// Streams of the bulk rows.
const STREAMS: usize = 8;
/// Idle connections of the idle row.
const IDLE: usize = 1000;

impl Job {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Tunnel => "tunnel",
            Self::Resolver => "resolver",
        }
    }

    /// In a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Tunnel => "Tunnel pair",
            Self::Resolver => "Resolver",
        }
    }

    /// The rows that it has.
    pub(crate) const fn rows(self) -> &'static [Row] {
        match self {
            Self::Gateway | Self::Tunnel => &[
                Row::BulkDown,
                Row::BulkUp,
                Row::Connect,
                Row::Request1,
                Row::Request32,
                Row::Idle,
            ],
            Self::Resolver => &[Row::Paced, Row::Saturated],
        }
    }
}

/// What a figure was taken with: one stretch of load, or none where memory was looked at.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) readings: Vec<Reading>,
    pub(crate) window: Option<Window>,
}

impl Taken {
    /// One figure of all programs together.
    pub(crate) fn whole(&self, metric: Metric) -> Option<f64> {
        let mut readings = self.readings.iter();
        let reading = readings.find(|it| it.metric == metric && it.share == Share::Whole);
        reading.map(|it| it.value)
    }
}

/// Takes the figures of a row once.
///
/// # Errors
/// When a program ends, or does not do its job.
pub(crate) fn measure(bench: &Bench, row: Row, running: &Running) -> anyhow::Result<Taken> {
    let (path, meter, pace) = (running.path(), running.meter()?, bench.pace());
    match row {
        Row::BulkDown => Ok(of_bulk(bulk(
            path,
            Direction::Down,
            STREAMS,
            &meter,
            &pace,
        )?)),
        Row::BulkUp => Ok(of_bulk(bulk(path, Direction::Up, STREAMS, &meter, &pace)?)),
        Row::Connect => Ok(of_events(connect(path, &meter, &pace)?, None)),
        Row::Request1 => Ok(of_requests(request(path, 1, &meter, &pace)?)),
        Row::Request32 => Ok(of_requests(request(path, 32, &meter, &pace)?)),
        Row::Idle => of_idle(running, IDLE),
        Row::Paced => Ok(of_requests(paced(
            running.entry(),
            &aliases(),
            &meter,
            &pace,
        )?)),
        Row::Saturated => Ok(of_requests(saturated(
            running.entry(),
            &aliases(),
            &meter,
            &pace,
        )?)),
        Row::None => Ok(Taken::default()),
    }
}

const fn whole(metric: Metric, value: f64) -> Reading {
    Reading {
        metric,
        share: Share::Whole,
        value,
    }
}

/// Of a window whose count is bytes.
pub(crate) fn of_bulk(window: Window) -> Taken {
    let gigabytes = window.count as f64 / 1e9;
    let cpu = shares(&window).into_iter().map(|(share, used)| Reading {
        metric: Metric::CpuPerGigabyte,
        share,
        value: used.as_secs_f64() / gigabytes,
    });
    let mut readings: Vec<_> = cpu.collect();
    readings.push(whole(Metric::Gigabits, window.rate() * 8.0 / 1e9));
    readings.push(whole(Metric::Load, window.load_share()));
    Taken {
        readings,
        window: Some(window),
    }
}

pub(crate) fn of_requests((window, latencies): (Window, Latencies)) -> Taken {
    of_events(window, Some(&latencies))
}

/// Of a window whose count is events.
pub(crate) fn of_events(window: Window, latencies: Option<&Latencies>) -> Taken {
    let events = window.count as f64;
    let cpu = shares(&window).into_iter().map(|(share, used)| Reading {
        metric: Metric::CpuPerEvent,
        share,
        value: used.as_secs_f64() * 1e6 / events,
    });
    let mut readings: Vec<_> = cpu.collect();
    readings.push(whole(Metric::Rate, window.rate()));
    readings.push(whole(Metric::Load, window.load_share()));
    let ranks = [(Metric::P50, 500), (Metric::P99, 990), (Metric::P999, 999)];
    readings.extend(ranks.iter().filter_map(|(metric, rank)| {
        let time = latencies?.per_mille(*rank)?;
        Some(whole(*metric, time))
    }));
    Taken {
        readings,
        window: Some(window),
    }
}

/// Of programs that have just been started, for whose memory has no past.
pub(crate) fn of_idle(running: &Running, connections: usize) -> anyhow::Result<Taken> {
    let held = idle(running.path(), connections, || running.memory())?;
    let shares = running.shares();
    let several = held.len() > 1;
    let mut readings = vec![whole(Metric::Start, running.start.as_secs_f64() * 1e3)];
    readings.extend(
        running
            .size()?
            .map(|bytes| whole(Metric::Size, bytes as f64 / 1e6)),
    );
    if !held.is_empty() {
        let each = held.iter().map(Held::each).sum();
        let base = held.iter().map(|it| it.before.resident as f64).sum();
        readings.extend([
            whole(Metric::IdleBytes, each),
            whole(Metric::BaseBytes, base),
        ]);
    }
    for (share, held) in shares.into_iter().zip(&held).filter(|_| several) {
        let parts = [
            (Metric::IdleBytes, held.each()),
            (Metric::BaseBytes, held.before.resident as f64),
        ];
        readings.extend(parts.map(|(metric, value)| Reading {
            metric,
            share,
            value,
        }));
    }
    Ok(Taken {
        readings,
        window: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::two_seconds_of;
    use std::time::Duration;

    fn value(taken: &Taken, metric: Metric, share: Share) -> Option<f64> {
        let mut readings = taken.readings.iter();
        let reading = readings.find(|it| it.metric == metric && it.share == share);
        reading.map(|it| it.value)
    }

    #[test]
    fn bulk_is_told_by_gigabyte_and_in_gigabits() {
        let half = Duration::from_millis(500);
        let both = vec![(Share::ServerEnd, half), (Share::ClientEnd, half)];
        let taken = of_bulk(two_seconds_of(both, 4_000_000_000));
        assert_eq!(
            value(&taken, Metric::CpuPerGigabyte, Share::Whole),
            Some(0.25)
        );
        assert_eq!(
            value(&taken, Metric::CpuPerGigabyte, Share::ClientEnd),
            Some(0.125)
        );
        assert_eq!(value(&taken, Metric::Gigabits, Share::Whole), Some(16.0));
    }

    #[test]
    fn events_are_told_in_microseconds_with_their_times() {
        let one = vec![(Share::Whole, Duration::from_millis(10))];
        let latencies = Latencies::of(vec![5000_u32; 1000]);
        let taken = of_events(two_seconds_of(one, 1000), Some(&latencies));
        assert_eq!(value(&taken, Metric::CpuPerEvent, Share::Whole), Some(10.0));
        assert_eq!(value(&taken, Metric::Rate, Share::Whole), Some(500.0));
        assert_eq!(value(&taken, Metric::P999, Share::Whole), Some(5.0));
    }

    #[test]
    fn without_a_program_there_is_no_cpu_to_tell() {
        let taken = of_events(two_seconds_of(Vec::new(), 1000), None);
        assert_eq!(value(&taken, Metric::CpuPerEvent, Share::Whole), None);
        assert_eq!(value(&taken, Metric::P50, Share::Whole), None);
    }
}
