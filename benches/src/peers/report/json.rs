//! Everything as JSON, for other programs.

use serde::Serialize;

use super::Machine;
use crate::results::{Disturbance, Failure, Key, Results};
use crate::stats::Spread;

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    machine: &'a Machine,
    disturbance: Option<Disturbance>,
    figures: Vec<Figure<'a>>,
    failures: &'a [Failure],
}

/// One figure: each round's, and what they say together.
#[derive(Debug, Serialize)]
struct Figure<'a> {
    #[serde(flatten)]
    key: &'a Key,
    values: &'a [f64],
    #[serde(flatten)]
    spread: Option<Spread>,
}

pub(super) fn report<'a>(machine: &'a Machine, results: &'a Results) -> Report<'a> {
    let figure = |(key, values)| Figure {
        key,
        values,
        spread: Spread::of(values),
    };
    Report {
        machine,
        disturbance: results.disturbance(),
        figures: results.all().map(figure).collect(),
        failures: &results.failures,
    }
}
