//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::case::Case;

/// Count the instructions that each part takes, under valgrind's callgrind
///
/// What is compared must come from the same compiler and the same profile.
#[derive(Debug, Parser)]
#[command(name = "counts", version, after_long_help = STATUS)]
pub(crate) struct Args {
    /// What to count [default: all]
    #[arg(value_name = "CASE", value_enum)]
    pub(crate) cases: Vec<Case>,

    /// Hold the counts against those of a file; the status says how it went
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,

    /// How much a count may grow
    #[arg(long, value_name = "PERCENT", default_value = "3", requires = "compare", value_parser = percent)]
    pub(crate) tolerance: f64,

    /// Write the counts to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,

    /// Do one case so many times: what is run under callgrind
    #[arg(long, value_name = "TIMES", hide = true)]
    pub(crate) perform: Option<u32>,
}

const STATUS: &str = "\
Status with --compare:
  0  no count has grown by more than the tolerance
  1  one has, or a case is missing from the file or from this build
  3  the file is of another compiler or profile: the counts say nothing, and the file is to be renewed (--write)
";

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if (0.0..=1000.0).contains(&percent) => Ok(percent),
        _ => Err("a number of percent, 0 or more".to_owned()),
    }
}
