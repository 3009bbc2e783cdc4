//! What was measured.

use std::collections::BTreeMap;

use serde::Serialize;

use super::load::{Load, Metric, Taken};
use super::way::Through;
use crate::measure::stats::{NoRatio, Rounds, Spread, ratio};

/// A figure of a load and a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    /// What the load says.
    Metric(Metric),
    /// CPU time of all programs of the way.
    Way,
    /// Of one of them.
    Program(&'static str),
    /// Of this process: both ends of the load, and what makes the way long.
    Load,
}

/// All figures of a run.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) loads: Vec<Load>,
    pub(super) ways: Vec<Through>,
    figures: BTreeMap<(Load, Through, Column), Rounds>,
    /// Of bytes, connections, requests or events.
    counts: BTreeMap<(Load, Through), Rounds>,
    failures: Vec<Failure>,
    /// How many rounds were not tried any more.
    left_out: BTreeMap<(Load, Through), usize>,
    /// How much of a CPU everything else had, while figures were taken.
    others: Vec<f64>,
}

/// A figure that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// Counted from one.
    pub(super) round: usize,
    pub(super) load: String,
    pub(super) way: &'static str,
    pub(super) why: String,
}

/// Rounds that were not tried any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    pub(super) load: String,
    pub(super) way: &'static str,
    /// How many.
    pub(super) rounds: usize,
}

impl Results {
    pub(super) const fn new(loads: Vec<Load>, ways: Vec<Through>) -> Self {
        Self {
            loads,
            ways,
            figures: BTreeMap::new(),
            counts: BTreeMap::new(),
            failures: Vec::new(),
            left_out: BTreeMap::new(),
            others: Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, round: usize, load: Load, way: Through, taken: &Taken) {
        let mut keep = |column, value| {
            let rounds = self.figures.entry((load, way, column)).or_default();
            rounds.keep(round, value);
        };
        for (metric, value) in &taken.values {
            keep(Column::Metric(*metric), *value);
        }
        let window = &taken.window;
        let counts = self.counts.entry((load, way)).or_default();
        counts.keep(round, window.count as f64);
        let (_, unit) = load.cpu_unit();
        let each = |seconds: f64| seconds * unit / window.count as f64;
        for (name, used) in &window.programs {
            keep(Column::Program(name), each(used.as_secs_f64()));
        }
        if !window.programs.is_empty() {
            let all = window.programs.iter().map(|it| it.1.as_secs_f64());
            keep(Column::Way, each(all.sum()));
        }
        keep(Column::Load, each(window.load.as_secs_f64()));
        self.others.push(window.others_share());
    }

    pub(super) fn fail(&mut self, round: usize, load: Load, way: Through, error: &anyhow::Error) {
        self.failures.push(Failure {
            round: round + 1,
            load: load.key(),
            way: way.name(),
            why: format!("{error:#}"),
        });
    }

    /// One round less is tried.
    pub(super) fn leave_out(&mut self, load: Load, way: Through) {
        *self.left_out.entry((load, way)).or_default() += 1;
    }

    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let all = self.left_out.iter();
        let all = all.map(|((load, way), rounds)| LeftOut {
            load: load.key(),
            way: way.name(),
            rounds: *rounds,
        });
        all.collect()
    }

    pub(super) fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// What the rounds of a figure say; none where it was never taken.
    pub(super) fn spread(&self, load: Load, way: Through, column: Column) -> Option<Spread> {
        self.rounds(load, way, column)?.spread()
    }

    /// Whether a load has gone through a way at all.
    pub(super) fn has(&self, load: Load, way: Through) -> bool {
        self.counts.contains_key(&(load, way))
    }

    /// All rounds of a figure; none where it was never taken, or too few came for it.
    pub(super) fn rounds(&self, load: Load, way: Through, column: Column) -> Option<&Rounds> {
        let rounds = self.figures.get(&(load, way, column))?;
        // By the median of all: without those that had few, the rounds left would be the fast ones.
        let enough = match column {
            Column::Metric(metric) => self.came(load, way)? >= load.least(metric) as f64,
            _ => true,
        };
        enough.then_some(rounds)
    }

    /// How many came in a round.
    fn came(&self, load: Load, way: Through) -> Option<f64> {
        Some(self.counts.get(&(load, way))?.spread()?.median)
    }

    /// One way over another, by the first metric of a load.
    ///
    /// # Errors
    /// From fewer than five rounds that both have, or where too few came in them.
    pub(super) fn ratio(
        &self,
        load: Load,
        one: Through,
        other: Through,
    ) -> Result<Spread, NoRatio> {
        let Some(first) = load.metrics().first().copied() else {
            return Err(NoRatio::TooFewRounds(0));
        };
        let of = |way| self.rounds(load, way, Column::Metric(first));
        match (of(one), of(other)) {
            (Some(one), Some(other)) => ratio(one, other),
            _ if self.has(load, one) && self.has(load, other) => {
                Err(NoRatio::TooFewCame(load.least(first)))
            }
            _ => Err(NoRatio::TooFewRounds(0)),
        }
    }

    /// The programs of all ways, in their order.
    pub(super) fn programs(&self) -> Vec<&'static str> {
        let names = self
            .figures
            .keys()
            .filter_map(|(_, _, column)| match column {
                Column::Program(name) => Some(*name),
                _ => None,
            });
        let names: std::collections::BTreeSet<_> = names.collect();
        names.into_iter().collect()
    }

    /// How much of a CPU everything else had.
    pub(super) fn others(&self) -> Option<Spread> {
        Spread::of(&self.others)
    }

    /// Whose way others are compared with.
    pub(super) fn ours(&self) -> Option<Through> {
        self.ways.iter().copied().find(|way| way.is_ours())
    }
}
