//! What came of it, for people, for pages and for programs.

mod json;
mod plot;
mod tables;

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::path::Path;

use super::args::LoadArgs;
use super::results::Results;
use super::rounds::TRIES;
use crate::measure::machine::{Neighbour, kernel, processor};
use crate::measure::table::{Table, short};

/// All that is told of a run.
pub(super) struct Report<'a> {
    pub(super) args: &'a LoadArgs,
    pub(super) results: &'a Results,
    pub(super) load_before: String,
    pub(super) neighbours: Vec<Neighbour>,
    /// Of the programs that are compared with.
    pub(super) versions: Vec<String>,
}

impl Report<'_> {
    /// For a terminal.
    pub(super) fn text(&self) -> String {
        let mut text = self.circumstances().join("\n");
        text.push('\n');
        for table in self.tables() {
            let _ = write!(text, "\n{}\n{}\n", table.title, indented(&table.text()));
        }
        for failure in self.failures() {
            let _ = write!(text, "\n{failure}\n");
        }
        text
    }

    /// For a page; the plot is beside it.
    pub(super) fn markdown(&self, plot: Option<&Path>) -> String {
        let mut text = String::new();
        for line in self.circumstances() {
            let _ = writeln!(text, "- {line}");
        }
        if let Some(name) = plot.and_then(Path::file_name) {
            let _ = write!(text, "\n![all figures]({})\n", name.display());
        }
        for table in self.tables() {
            let _ = write!(text, "\n## {}\n\n{}", table.title, table.markdown());
        }
        for failure in self.failures() {
            let _ = write!(text, "\n{failure}\n");
        }
        text
    }

    fn circumstances(&self) -> Vec<String> {
        let args = self.args;
        let seconds = args.seconds.as_secs_f64();
        let mut lines = vec![format!(
            "eastwest {}: {} rounds of {seconds} s for each load and way, in turns",
            env!("CARGO_PKG_VERSION"),
            args.rounds
        )];
        if args.to.is_none() {
            lines.push(format!(
                "on loopback addresses, every program with {} thread{}",
                args.threads,
                if args.threads == 1 { "" } else { "s" }
            ));
        }
        if let Some(long) = args.long() {
            let rate = long
                .rate
                .map_or_else(|| "any rate".to_owned(), |it| it.to_string());
            let ms = long.rtt.as_millis();
            lines.push(format!("over a way of {ms} ms there and back, {rate}"));
        }
        if cfg!(debug_assertions) {
            lines.push("this is a debug build of eastwest, whose figures say nothing".to_owned());
        }
        lines.extend(self.versions.iter().cloned());
        lines.push(format!("{}, kernel {}", processor(), kernel()));
        lines.push(format!("load average before: {}", self.load_before));
        if let Some(others) = self.results.others() {
            lines.push(format!(
                "meanwhile everything else on this machine had {} CPUs in the median, {} at the most",
                short(others.median),
                short(others.max)
            ));
        }
        lines.extend(self.neighbours.iter().map(ToString::to_string));
        lines
    }

    fn tables(&self) -> Vec<Table> {
        let loads = self.results.loads.iter();
        let mut tables: Vec<_> = loads.map(|load| tables::of(self.results, *load)).collect();
        tables.push(tables::cpu(self.results));
        tables
    }

    fn failures(&self) -> Vec<String> {
        let failures = self.results.failures().iter();
        let failures = failures.map(|it| {
            let (round, load, way, why) = (it.round, &it.load, it.way, &it.why);
            format!("not measured: round {round}, {load} through {way}: {why}")
        });
        let left_out = self.results.left_out().into_iter().map(|it| {
            let s = if it.rounds == 1 { "" } else { "s" };
            let (rounds, load, way) = (it.rounds, it.load, it.way);
            format!(
                "not tried: {rounds} more round{s} of {load} through {way}, as {TRIES} have failed"
            )
        });
        failures.chain(left_out).collect()
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
