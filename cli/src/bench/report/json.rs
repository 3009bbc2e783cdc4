//! For programs: every round of every figure.

use serde::Serialize;

use super::super::load::{Load, Metric};
use super::super::results::{Column, Failure, LeftOut};
use super::super::way::Through;
use super::Report;
use crate::measure::machine::{Neighbour, kernel, processor};
use crate::measure::stats::{NoRatio, Rounds, Spread};

#[derive(Serialize)]
struct Run<'a> {
    eastwest: &'static str,
    machine: String,
    kernel: String,
    load_average_before: &'a str,
    others_cpus: Option<Spread>,
    neighbours: &'a [Neighbour],
    versions: &'a [String],
    rounds: u16,
    seconds: f64,
    threads: Option<u16>,
    rtt_ms: Option<u128>,
    rate: Option<String>,
    loads: Vec<OfLoad>,
    failures: &'a [Failure],
    not_tried: Vec<LeftOut>,
}

#[derive(Serialize)]
struct OfLoad {
    load: String,
    ways: Vec<OfWay>,
}

#[derive(Serialize)]
struct OfWay {
    way: &'static str,
    figures: Vec<Figure>,
    cpu: Vec<Figure>,
    /// By the first of the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_direct: Option<Ratio>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ours_of_it: Option<Ratio>,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    unit: &'static str,
    #[serde(flatten)]
    spread: Spread,
    each: Rounds,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Ratio {
    Is(Spread),
    Unknown(String),
}

impl Report<'_> {
    /// One object.
    ///
    /// # Errors
    /// Never, as all keys are text.
    pub(in crate::bench) fn json(&self) -> serde_json::Result<String> {
        let long = self.args.long();
        let loads = self.results.loads.iter().copied();
        let run = Run {
            eastwest: env!("CARGO_PKG_VERSION"),
            machine: processor(),
            kernel: kernel(),
            load_average_before: &self.load_before,
            others_cpus: self.results.others(),
            neighbours: &self.neighbours,
            versions: &self.versions,
            rounds: self.args.rounds,
            seconds: self.args.seconds.as_secs_f64(),
            threads: self.args.to.is_none().then_some(self.args.threads),
            rtt_ms: long.map(|it| it.rtt.as_millis()),
            rate: long.and_then(|it| it.rate).map(|it| it.to_string()),
            loads: loads.map(|load| self.load(load)).collect(),
            failures: self.results.failures(),
            not_tried: self.results.left_out(),
        };
        Ok(serde_json::to_string_pretty(&run)? + "\n")
    }

    fn load(&self, load: Load) -> OfLoad {
        let ways = self.results.ways.iter().copied();
        OfLoad {
            load: load.key(),
            ways: ways.map(|way| self.way(load, way)).collect(),
        }
    }

    fn way(&self, load: Load, way: Through) -> OfWay {
        let results = self.results;
        let figure = |name: &str, unit, column| {
            let each = results.rounds(load, way, column)?;
            Some(Figure {
                name: name.to_owned(),
                unit,
                spread: each.spread()?,
                each: each.clone(),
            })
        };
        let metrics = load.metrics().iter();
        let (unit, _) = load.cpu_unit();
        let programs = results.programs();
        let programs = programs
            .iter()
            .map(|name| (*name, Column::Program(name)))
            .chain([("way", Column::Way), ("load", Column::Load)]);
        let ratio = |one, other| match results.ratio(load, one, other) {
            Ok(spread) => Ratio::Is(spread),
            Err(why) => Ratio::Unknown(NoRatio::to_string(&why)),
        };
        let direct = results.ways.contains(&Through::Direct) && way != Through::Direct;
        let ours = results.ours().filter(|ours| *ours != way);
        OfWay {
            way: way.name(),
            figures: metrics
                .filter_map(|metric| figure(name(*metric), metric.title(), Column::Metric(*metric)))
                .collect(),
            cpu: programs
                .filter_map(|(name, column)| figure(name, unit, column))
                .collect(),
            of_direct: direct.then(|| ratio(way, Through::Direct)),
            ours_of_it: ours.map(|ours| ratio(ours, way)),
        }
    }
}

const fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Gbit => "gbit",
        Metric::PerSecond => "per-second",
        Metric::P50 => "p50",
        Metric::P99 => "p99",
        Metric::P999 => "p999",
    }
}
