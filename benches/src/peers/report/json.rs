//! Everything as JSON, for other programs.

use eastwest_benches::stats::{Rounds, Spread};
use serde::Serialize;

use super::Machine;
use super::verdicts::Verdict;
use crate::growth::{self, CurveKey};
use crate::results::{Disturbance, Failure, Key, Results};

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    machine: &'a Machine,
    disturbance: Option<Disturbance>,
    verdicts: &'a [Verdict],
    figures: Vec<Figure<'a>>,
    curves: Vec<Curve<'a>>,
    failures: &'a [Failure],
}

/// One figure: each round's, by its number, and what they say together.
#[derive(Debug, Serialize)]
struct Figure<'a> {
    #[serde(flatten)]
    key: &'a Key,
    values: &'a Rounds,
    #[serde(flatten)]
    spread: Option<Spread>,
}

/// One curve: each round's figures, by number.
#[derive(Debug, Serialize)]
struct Curve<'a> {
    #[serde(flatten)]
    key: &'a CurveKey,
    points: &'a growth::Curve,
}

pub(super) fn report<'a>(
    machine: &'a Machine,
    results: &'a Results,
    verdicts: &'a [Verdict],
) -> Report<'a> {
    let figure = |(key, values): (&'a Key, &'a Rounds)| Figure {
        key,
        values,
        spread: values.spread(),
    };
    Report {
        machine,
        disturbance: results.disturbance(),
        verdicts,
        curves: results
            .curves()
            .iter()
            .map(|(key, points)| Curve { key, points })
            .collect(),
        figures: results.all().map(figure).collect(),
        failures: &results.failures,
    }
}
