//! What a faster link than these machines have would take, on paper: CPU-seconds for a gigabyte, times
//! gigabytes a second. What moves the limit beside that is in `benches/README.md`.

use eastwest_benches::table::{Table, short};

use crate::job::Job;
use crate::results::{Contender, Results};
use crate::row::{Metric, Row, Share};

/// Links, in 10^9 bits a second.
const LINKS: [f64; 2] = [25.0, 100.0];

/// A table for each job whose bulk was measured.
pub(super) fn tables(results: &Results) -> Vec<Table> {
    let of_job = |(job, contenders)| table(results, job, contenders);
    results.jobs().filter_map(of_job).collect()
}

fn table(results: &Results, job: Job, contenders: &[Contender]) -> Option<Table> {
    let shares = [Share::Whole, Share::ClientEnd, Share::ServerEnd];
    let each = contenders
        .iter()
        .flat_map(|it| shares.map(|share| (&it.name, share)));
    let line = |(name, share): (&String, Share)| {
        let metric = Metric::CpuPerGigabyte;
        let values = results.values(job, Row::BulkDown, name, metric, share);
        let cost = values.spread()?.median;
        let mut line = vec![format!("{name}{}", share.suffix()), short(cost)];
        line.extend(LINKS.map(|link| short(cores(cost, link))));
        Some(line)
    };
    let lines: Vec<_> = each.filter_map(line).collect();
    if lines.is_empty() {
        return None;
    }
    let head = ["", "CPU-s/GB, server to client"].map(str::to_owned);
    let links = LINKS.map(|link| format!("cores for {link} Gbit/s"));
    Some(Table {
        title: format!("{}: what a link would take, on paper", job.title()),
        head: head.into_iter().chain(links).collect(),
        lines,
        note: None,
    })
}

/// CPUs that are busy at this many gigabits a second.
fn cores(cost: f64, link: f64) -> f64 {
    cost * link / 8.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_second_for_a_gigabyte_is_one_core_and_a_quarter_at_a_hundred_gigabits() {
        assert_eq!(cores(0.1, 100.0), 1.25);
        assert_eq!(cores(0.1, 25.0), 0.3125);
    }

    #[test]
    fn nothing_is_derived_from_nothing() {
        assert!(tables(&Results::default()).is_empty());
    }
}
