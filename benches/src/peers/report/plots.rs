//! Which plots there are, and which table each belongs to.

use eastwest_benches::stats::Spread;

use super::curves::{Family, families, title};
use super::table::title_of;
use crate::growth::{Curve, Figure};
use crate::job::Job;
use crate::results::{Contender, Results};
use crate::row::Row;
use crate::row::Share;
use crate::subject;
use eastwest_benches::svg::bars::{Bar, bars};
use eastwest_benches::svg::lines::{Line, lines};

/// A drawing in a file.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) file: String,
    pub(super) title: String,
    /// The title of its table.
    pub(super) table: String,
    pub(super) svg: String,
}

/// All plots of a run.
pub(super) fn plots(results: &Results) -> Vec<Plot> {
    let of_rows = results.jobs().flat_map(|(job, contenders)| {
        let rows = job.rows().iter();
        rows.filter_map(move |row| of_row(results, job, *row, contenders))
    });
    let families = families(results).into_iter();
    let of_growth = families.filter_map(|((job, figure), family)| of_growth(job, figure, &family));
    of_rows.chain(of_growth).collect()
}

fn of_row(results: &Results, job: Job, row: Row, contenders: &[Contender]) -> Option<Plot> {
    let metric = row.main_metric();
    let bar = |it: &Contender| {
        let values = results.values(job, row, &it.name, metric, Share::Whole);
        Some(Bar {
            name: it.name.clone(),
            spread: values.spread()?,
            ours: it.family == subject::Family::Ours,
        })
    };
    let drawn: Vec<_> = contenders.iter().filter_map(bar).collect();
    let title = title_of(job, row);
    Some(Plot {
        file: format!("{}-{}.svg", job.name(), row.name()),
        svg: bars(&title, metric.title(), &drawn)?,
        table: title.clone(),
        title,
    })
}

fn of_growth(job: Job, figure: Figure, family: &Family<'_>) -> Option<Plot> {
    let line = |(name, curve): &(&str, &Curve)| {
        let points = curve
            .iter()
            .filter_map(|(number, values)| Some((*number, Spread::of(values)?.median)));
        Line {
            name: (*name).to_owned(),
            points: points.collect(),
        }
    };
    let drawn: Vec<_> = family.iter().map(line).collect();
    let title = title(job, figure);
    Some(Plot {
        file: format!(
            "{}-over-{}-{}.svg",
            job.name(),
            figure.over(),
            figure.name()
        ),
        svg: lines(&title, figure.over(), &drawn)?,
        table: title.clone(),
        title,
    })
}
