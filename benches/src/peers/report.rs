//! What is printed and written at the end.

mod curves;
mod json;
mod links;
mod markdown;
mod plots;
mod table;
mod targets;
mod verdicts;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use eastwest_benches::machine::{Neighbour, kernel, processor};
use eastwest_benches::table::Table;
use eastwest_transport::tls::Utc;
use serde::Serialize;

use crate::args::Args;
use crate::bench::Bench;
use crate::ground::Ground;
use crate::results::Results;
pub(crate) use verdicts::{Verdict, all_reached};

/// Where a run was made, and what else was going on.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// When the run ended.
    ended: String,
    processor: String,
    kernel: String,
    ground: Ground,
    /// Millicores of each program.
    quota: Option<u32>,
    versions: Vec<String>,
    /// Before the run.
    load_average: String,
    seconds: u64,
    /// Who else has used more than 1 % of a CPU.
    others: Vec<Neighbour>,
}

impl Machine {
    pub(crate) fn of(bench: &Bench, load: String, time: Duration, others: Vec<Neighbour>) -> Self {
        Self {
            ended: Utc(SystemTime::now()).to_string(),
            processor: processor(),
            kernel: kernel(),
            ground: bench.ground.clone(),
            quota: bench.args.quota,
            versions: bench.tools.describe(),
            load_average: load,
            seconds: time.as_secs(),
            others,
        }
    }
}

/// Prints the tables, and writes the files; the verdicts that are in them.
///
/// # Errors
/// When nobody takes them, or a file cannot be written.
pub(crate) fn write(
    bench: &Bench,
    machine: &Machine,
    results: &Results,
) -> anyhow::Result<Vec<Verdict>> {
    let verdicts = if bench.args.judges_nothing() {
        Vec::new()
    } else {
        verdicts::verdicts(results)
    };
    let plots = plots::plots(results);
    let dir = &bench.args.out;
    fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let json = serde_json::to_string_pretty(&json::report(machine, results, &verdicts))?;
    keep(dir, "results.json", &json)?;
    let command = Args::command_line();
    let page = markdown::page(&command, machine, results, &verdicts, &plots);
    keep(dir, "results.md", &page)?;
    for plot in &plots {
        keep(dir, &plot.file, &plot.svg)?;
    }
    print(machine, results, &verdicts)?;
    Ok(verdicts)
}

fn all_tables(results: &Results) -> Vec<Table> {
    let parts = [
        table::tables(results),
        curves::tables(results),
        links::tables(results),
    ];
    parts.concat()
}

fn print(machine: &Machine, results: &Results, verdicts: &[Verdict]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in machine.lines(results) {
        writeln!(out, "{line}")?;
    }
    let mut tables = all_tables(results);
    if !verdicts.is_empty() {
        tables.push(markdown::summary(verdicts));
    }
    for table in tables {
        writeln!(out, "\n{}\n{}", table.title, table.text())?;
    }
    for failure in &results.failures {
        writeln!(out, "failed: {failure}")?;
    }
    Ok(())
}

fn keep(dir: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = dir.join(name);
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

impl Machine {
    /// In sentences.
    pub(crate) fn lines(&self, results: &Results) -> Vec<String> {
        let ground = &self.ground;
        let mut lines = vec![
            format!("{}, {}, Linux {}", self.ended, self.processor, self.kernel),
            format!(
                "programs on CPU {}{}, load on CPU {}, {}, packets of {}, {} descriptors",
                ground.programs_on(),
                self.quota
                    .map_or_else(String::new, |it| format!(" (each {it} millicores)")),
                ground.load_cpu,
                ground.congestion,
                ground.mtu,
                ground.descriptors
            ),
            format!(
                "load average before: {}; {} s in all",
                self.load_average, self.seconds
            ),
        ];
        if let Some(beside) = results.disturbance() {
            lines.push(format!(
                "other processes while figures were taken: {:.0} % of a CPU (at most {:.0} %); \
                 taken by the hypervisor: {:.0} % (at most {:.0} %)",
                beside.others.median * 100.0,
                beside.others.max * 100.0,
                beside.stolen.median * 100.0,
                beside.stolen.max * 100.0,
            ));
        }
        if results.retaken > 0 {
            let retaken = results.retaken;
            lines.push(format!(
                "{retaken} figures taken again because of that (--quiet)"
            ));
        }
        lines.extend(self.others.iter().map(ToString::to_string));
        lines.extend(self.versions.iter().cloned());
        lines
    }
}
