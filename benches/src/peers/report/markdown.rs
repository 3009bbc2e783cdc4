//! The page that the documentation has: tables and plots, and no figure typed by hand.

use std::fmt::Write;

use eastwest_benches::table::Table;

use super::plots::Plot;
use super::verdicts::Verdict;
use super::{Machine, all_tables};
use crate::results::Results;

/// The whole page.
pub(super) fn page(
    command: &str,
    machine: &Machine,
    results: &Results,
    verdicts: &[Verdict],
    plots: &[Plot],
) -> String {
    let mut page = format!(
        "# Beside peers\n\n\
         Written by this command; how it measures, and how to read it, is in\n\
         [benches/README.md](../../benches/README.md).\n\n    {command}\n\n"
    );
    for line in machine.lines(results) {
        let _ = writeln!(page, "- {line}");
    }
    if !verdicts.is_empty() {
        page += "\n## What is to be reached\n\n";
        page += &summary(verdicts).markdown();
    }
    page += "\n## Figures\n\nThe median of all rounds, and in brackets the least and the most.\n";
    for table in &all_tables(results) {
        let _ = write!(page, "\n### {}\n\n", table.title);
        for plot in plots.iter().filter(|plot| plot.table == table.title) {
            let _ = write!(page, "![{}]({})\n\n", plot.title, plot.file);
        }
        page += &table.markdown();
    }
    if !results.failures.is_empty() {
        page += "\n## What failed\n\n";
    }
    for failure in &results.failures {
        let _ = writeln!(page, "- {}", failure.to_string().replace('\n', " "));
    }
    page
}

/// The verdicts as a table.
pub(super) fn summary(verdicts: &[Verdict]) -> Table {
    let line = |it: &Verdict| {
        let cells = [&it.figure, &it.subject, &it.limit, &it.reached];
        let mut line: Vec<_> = cells.into_iter().cloned().collect();
        line.push(it.outcome.word());
        line
    };
    Table {
        title: "What is to be reached".to_owned(),
        head: ["figure", "of", "limit", "measured", "outcome"]
            .map(str::to_owned)
            .to_vec(),
        lines: verdicts.iter().map(line).collect(),
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::verdicts::Outcome;

    #[test]
    fn a_table_has_a_head_and_as_many_cells_in_every_line() {
        let verdict = Verdict {
            subject: "ours".to_owned(),
            figure: "a | b".to_owned(),
            limit: "at most 1.00 x nginx".to_owned(),
            reached: "0.90 (0.80..1.00)".to_owned(),
            outcome: Outcome::Reached,
        };
        let text = summary(&[verdict]).markdown();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "| figure | of | limit | measured | outcome |");
        assert_eq!(lines[1], "|---|---|---|---|---|");
        assert_eq!(
            lines[2],
            "| a \\| b | ours | at most 1.00 x nginx | 0.90 (0.80..1.00) | reached |"
        );
    }
}
