//! Tables of what grows.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_benches::stats::Spread;
use eastwest_benches::table::{Table, count, shown};

use crate::growth::{Curve, Figure};
use crate::job::Job;
use crate::results::Results;

/// One figure of all subjects.
pub(super) type Family<'a> = Vec<(&'a str, &'a Curve)>;

/// The curves by figure.
pub(super) fn families(results: &Results) -> BTreeMap<(Job, Figure), Family<'_>> {
    let mut families: BTreeMap<_, Family<'_>> = BTreeMap::new();
    for (key, curve) in results.curves() {
        let family = families.entry((key.job, key.figure)).or_default();
        family.push((&key.subject, curve));
    }
    // Ours first, so that it has the first line and the first colour.
    for family in families.values_mut() {
        family.sort_by_key(|(subject, _)| (!subject.starts_with("ours"), *subject));
    }
    families
}

/// What a table and its plot are called.
pub(super) fn title(job: Job, figure: Figure) -> String {
    format!("{} over {}: {}", job.title(), figure.over(), figure.title())
}

/// A table for each figure, with a column for each number.
pub(super) fn tables(results: &Results) -> Vec<Table> {
    let table = |((job, figure), family): ((Job, Figure), Family<'_>)| {
        let numbers: BTreeSet<usize> = family.iter().flat_map(|it| it.1.keys().copied()).collect();
        let head = numbers.iter().map(|number| count(*number));
        let line = |(subject, curve): &(&str, &Curve)| {
            let cells = numbers.iter().map(|number| {
                let spread = curve.get(number).and_then(|values| Spread::of(values));
                spread.map_or_else(|| "-".to_owned(), |it| shown(&it))
            });
            [(*subject).to_owned()].into_iter().chain(cells).collect()
        };
        Table {
            title: title(job, figure),
            head: [String::new()].into_iter().chain(head).collect(),
            lines: family.iter().map(line).collect(),
            note: None,
        }
    };
    families(results).into_iter().map(table).collect()
}
