//! What is printed, and the page that the documentation has.

use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime};

use eastwest::mysql::Installed;
use eastwest_benches::machine::{Neighbour, Processes, kernel, load_average, processor};
use eastwest_benches::table::Table;
use eastwest_transport::tls::Utc;

use crate::args::Args;
use crate::binlog::{MIX, Written};
use crate::figures::{self, Round};
use crate::site::{Site, tuning};

/// What the machine did before, to be compared with what it has done after.
pub(crate) struct Beside {
    load_average: String,
    processes: Processes,
    begun: Instant,
}

impl Beside {
    /// As it is now.
    pub(crate) fn now() -> Self {
        Self {
            load_average: load_average(),
            processes: Processes::now(),
            begun: Instant::now(),
        }
    }

    fn since(&self) -> (Duration, Vec<Neighbour>) {
        let (own, time) = (std::process::id(), self.begun.elapsed());
        let others = Processes::now().others_since(&self.processes, own, time);
        (time, others)
    }
}

/// Everything that a run has shown.
pub(crate) struct Report {
    notes: Vec<String>,
    verdict: String,
    tables: [Table; 2],
}

impl Report {
    pub(crate) fn of(
        installed: &Installed,
        site: &Site,
        written: &Written,
        rounds: &[Round],
        before: &Beside,
    ) -> Self {
        let (time, others) = before.since();
        let flavor = installed.flavor();
        let mut notes = vec![
            format!(
                "{}, {}, Linux {}",
                Utc(SystemTime::now()),
                processor(),
                kernel()
            ),
            format!("{flavor} {}: {}", installed.version(), tuning(flavor)),
            format!(
                "{} bytes of row-based binary log, {} transactions: {MIX}",
                written.bytes, written.transactions
            ),
            format!(
                "each pod, node and the gateway in a network namespace of its own, veth and \
                 bridges between them, the same three networks both ways, {}",
                site.congestion
            ),
            format!(
                "the replica had {} after every catch-up, as the source",
                written.gtids
            ),
            format!(
                "load average before: {}; {} s in all",
                before.load_average,
                time.as_secs()
            ),
        ];
        notes.extend(others.iter().map(ToString::to_string));
        Self {
            notes,
            verdict: figures::verdict(rounds),
            tables: [figures::table(rounds), figures::each_round(rounds)],
        }
    }

    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = self.notes.join("\n");
        for table in &self.tables {
            let _ = write!(text, "\n\n{}\n{}", table.title, table.text());
        }
        let _ = writeln!(text, "\n\n{}", self.verdict);
        text
    }

    /// For the documentation.
    pub(crate) fn page(&self) -> String {
        let mut page = format!(
            "# Catching up\n\n\
             Written by this command; what it does, and how to read it, is in\n\
             [benches/README.md](../../benches/README.md).\n\n    {}\n\n",
            Args::command_line()
        );
        for note in &self.notes {
            let _ = writeln!(page, "- {note}");
        }
        let _ = writeln!(page, "\n{}.", self.verdict);
        page += "\nThe median of all rounds, and in brackets the least and the most.\n";
        for table in &self.tables {
            let _ = write!(page, "\n## {}\n\n{}", table.title, table.markdown());
        }
        page
    }
}
