//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::case::Case;

/// Count the instructions that each part takes, under valgrind's callgrind
///
/// What is compared must come from the same compiler and the same profile; where it does not, that is
/// said, and nothing fails.
#[derive(Debug, Parser)]
#[command(name = "counts", version)]
pub(crate) struct Args {
    /// What to count [default: all]
    #[arg(value_name = "CASE", value_enum)]
    pub(crate) cases: Vec<Case>,

    /// Hold the counts against those of a file; exit with status 1 where one has grown
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

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if (0.0..=1000.0).contains(&percent) => Ok(percent),
        _ => Err("a number of percent, 0 or more".to_owned()),
    }
}
