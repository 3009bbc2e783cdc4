//! All figures as bars.

use super::super::load::Load;
use super::super::results::Column;
use super::Report;
use crate::measure::svg::bars::{Bar, Panel, panels};

impl Report<'_> {
    /// A drawing: for each load what it is compared by, and what it cost.
    pub(in crate::bench) fn plot(&self) -> String {
        let loads = self.results.loads.iter().copied();
        let all: Vec<_> = loads.flat_map(|load| self.of(load)).collect();
        // Nothing was measured: a drawing without bars.
        panels("eastwest bench", &all).unwrap_or_else(|| {
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>\n".to_owned()
        })
    }

    fn of(&self, load: Load) -> Vec<Panel> {
        let panel = |column: Column, unit: &str| {
            let bars = self.results.ways.iter().filter_map(|way| {
                Some(Bar {
                    name: way.name().to_owned(),
                    spread: self.results.spread(load, *way, column)?,
                    ours: way.is_ours(),
                })
            });
            Panel {
                title: load.to_string(),
                unit: unit.to_owned(),
                bars: bars.collect(),
            }
        };
        let first = load.metrics().first().copied();
        let first = first.map(|metric| panel(Column::Metric(metric), metric.title()));
        let cost = panel(Column::Way, load.cpu_unit().0);
        first.into_iter().chain([cost]).collect()
    }
}
