//! Tables of medians, spreads and ratios.

use eastwest_benches::stats::{NoRatio, Spread, ratio};
use eastwest_benches::table::{Table, shown};

use crate::job::Job;
use crate::results::{Contender, Results};
use crate::row::{Metric, Row, Share};
use crate::subject::Family;

/// The figures in the order of the columns.
const METRICS: [Metric; 12] = [
    Metric::CpuPerGigabyte,
    Metric::CpuPerEvent,
    Metric::IdleBytes,
    Metric::BaseBytes,
    Metric::Start,
    Metric::Size,
    Metric::Gigabits,
    Metric::Rate,
    Metric::P50,
    Metric::P99,
    Metric::P999,
    Metric::Load,
];

const SHARES: [Share; 3] = [Share::Whole, Share::ClientEnd, Share::ServerEnd];

/// All tables of a run.
pub(crate) fn tables(results: &Results) -> Vec<Table> {
    let of_job = |(job, contenders): (Job, &[Contender])| {
        let rows = job.rows().iter();
        let tables = rows.filter_map(|row| table(results, job, *row, contenders));
        tables.collect::<Vec<_>>()
    };
    results.jobs().flat_map(of_job).collect()
}

/// What a row's table and its plot are called.
pub(super) fn title_of(job: Job, row: Row) -> String {
    format!("{}: {}", job.title(), row.title())
}

fn table(results: &Results, job: Job, row: Row, contenders: &[Contender]) -> Option<Table> {
    let figures = |name: &str, metric, share| results.values(job, row, name, metric, share);
    let has = |metric: &Metric| {
        let mut all = contenders.iter();
        all.any(|subject| !figures(&subject.name, *metric, Share::Whole).is_empty())
    };
    let metrics: Vec<_> = METRICS.into_iter().filter(has).collect();
    let main = row.main_metric();
    let mut ours = contenders.iter().filter(|it| it.family == Family::Ours);
    let first = ours.clone().next();
    // A build that was left out is not what the others are compared with, where another was measured.
    let ours = ours
        .find(|it| !figures(&it.name, main, Share::Whole).is_empty())
        .or(first);
    let mut note = None;
    let mut lines = Vec::new();
    for subject in contenders {
        for share in SHARES {
            let spreads = metrics
                .iter()
                .map(|it| figures(&subject.name, *it, share).spread());
            let spreads: Vec<_> = spreads.collect();
            if spreads.iter().all(Option::is_none) {
                continue;
            }
            let mut line = vec![format!("{}{}", subject.name, share.suffix())];
            for (metric, spread) in metrics.iter().zip(&spreads) {
                line.push(spread.map_or_else(|| "-".to_owned(), |it| cell(*metric, &it)));
            }
            let against = ours.filter(|ours| ours.name != subject.name && share == Share::Whole);
            line.push(against.map_or_else(String::new, |ours| {
                let theirs = figures(&subject.name, main, share);
                let quotient = ratio(figures(&ours.name, main, share), theirs);
                quotient.map_or_else(
                    |why| {
                        // Of `direct` there is nothing to compare: it has no process of its own.
                        if !theirs.is_empty() {
                            note.get_or_insert(why);
                        }
                        "-".to_owned()
                    },
                    |it| format!("{:.2} ({:.2}..{:.2})", it.median, it.min, it.max),
                )
            }));
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return None;
    }
    let head = ["".to_owned()]
        .into_iter()
        .chain(metrics.iter().map(|it| it.title().to_owned()));
    let head = head.chain([format!("ours / it, {}", main.title())]);
    Some(Table {
        title: title_of(job, row),
        head: head.collect(),
        lines,
        note: note.map(|why: NoRatio| format!("no ratio: {why}")),
    })
}

/// The median, and between what all rounds were, as a metric is shown.
fn cell(metric: Metric, spread: &Spread) -> String {
    shown(&Spread {
        median: metric.shown(spread.median),
        min: metric.shown(spread.min),
        max: metric.shown(spread.max),
        ..*spread
    })
}

#[cfg(test)]
mod tests;
