//! A table for each load, and one of all CPU time.

use std::collections::BTreeSet;

use super::super::load::{Load, Metric};
use super::super::results::{Column, Results};
use super::super::way::Through;
use crate::measure::stats::{LEAST_ROUNDS, NoRatio, Spread};
use crate::measure::table::{Table, count, shown};

/// What was never taken.
const NONE: &str = "-";
/// What cannot be told.
const UNKNOWN: &str = "n/a";

/// What all ways made of a load.
pub(super) fn of(results: &Results, load: Load) -> Table {
    let metrics = load.metrics();
    let (unit, _) = load.cpu_unit();
    let direct = results.ways.contains(&Through::Direct);
    let ours = results.ours();
    let others = results.ways.iter().any(|way| is_peer(*way));
    let first = metrics.first().map_or("", |it| it.title());
    let mut head = vec!["way".to_owned()];
    head.extend(metrics.iter().map(|metric| metric.title().to_owned()));
    head.push(unit.to_owned());
    if direct {
        head.push(format!("{first} / direct"));
    }
    if let Some(ours) = ours.filter(|_| others) {
        head.push(format!("{ours}'s {first} / its"));
    }
    let mut notes = Vec::new();
    let mut lines = Vec::new();
    for way in results.ways.iter().copied() {
        let mut line = vec![way.name().to_owned()];
        for metric in metrics {
            line.push(figure(results, load, way, *metric, &mut notes));
        }
        let cpu = results.spread(load, way, Column::Way);
        line.push(cpu.map_or_else(|| NONE.to_owned(), |it| shown(&it)));
        if direct {
            line.push(match way {
                Through::Direct => NONE.to_owned(),
                _ => ratio(results.ratio(load, way, Through::Direct), &mut notes),
            });
        }
        if let Some(ours) = ours.filter(|_| others) {
            line.push(match is_peer(way) {
                true => ratio(results.ratio(load, ours, way), &mut notes),
                false => NONE.to_owned(),
            });
        }
        lines.push(line);
    }
    let mut seen = BTreeSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    Table {
        title: load.to_string(),
        head,
        lines,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

const fn is_peer(way: Through) -> bool {
    matches!(way, Through::Envoy | Through::HaProxy)
}

fn figure(
    results: &Results,
    load: Load,
    way: Through,
    metric: Metric,
    notes: &mut Vec<String>,
) -> String {
    let taken = results.spread(load, way, Column::Metric(metric));
    match (taken, load.least(metric)) {
        (Some(taken), _) => shown(&taken),
        (None, least) if least <= 1 || !results.has(load, way) => NONE.to_owned(),
        (None, least) => {
            let metric = match metric {
                Metric::PerSecond => "how many a second",
                _ => metric.title().trim_end_matches(" us"),
            };
            let least = count(least as usize);
            notes.push(format!("{UNKNOWN}: {metric} needs {least} in a round"));
            UNKNOWN.to_owned()
        }
    }
}

fn ratio(ratio: Result<Spread, NoRatio>, notes: &mut Vec<String>) -> String {
    match ratio {
        Ok(ratio) => shown(&ratio),
        Err(why) => {
            notes.push(match why {
                NoRatio::TooFewRounds(both) => format!(
                    "{UNKNOWN}: {both} round{} of both, and no ratio is told of fewer than {LEAST_ROUNDS}",
                    if both == 1 { "" } else { "s" }
                ),
                NoRatio::TooFewCame(_) | NoRatio::ByNothing => format!("{UNKNOWN}: {why}"),
            });
            UNKNOWN.to_owned()
        }
    }
}

/// CPU time of each program on this machine.
pub(super) fn cpu(results: &Results) -> Table {
    let programs = results.programs();
    let mut head = vec!["load, way".to_owned(), "of".to_owned()];
    head.extend(programs.iter().map(|name| (*name).to_owned()));
    head.push("load".to_owned());
    let mut lines = Vec::new();
    for load in results.loads.iter().copied() {
        for way in results.ways.iter().copied() {
            let cell = |column| {
                let spread = results.spread(load, way, column);
                spread.map_or_else(|| NONE.to_owned(), |it| shown(&it))
            };
            let name = format!("{}, {way}", load.key());
            let mut line = vec![name, load.cpu_unit().0.to_owned()];
            line.extend(programs.iter().map(|name| cell(Column::Program(name))));
            line.push(cell(Column::Load));
            lines.push(line);
        }
    }
    Table {
        title: "CPU time of each process".to_owned(),
        head,
        lines,
        note: Some(
            "load: this process, with both ends of the load where both are here, and with what makes \
             the way long"
                .to_owned(),
        ),
    }
}
