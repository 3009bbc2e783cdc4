//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use eastwest::mysql::Flavor;

/// Measure how fast a replica catches up over the whole path, beside a direct connection
///
/// A source in one cluster has written its binary log before any replica comes. A replica in the
/// other cluster then receives all of it, in turns by its alias (through both shims and the gateway)
/// and from the source's own address, over the same networks with a router instead of all that.
#[derive(Debug, Clone, Parser)]
#[command(name = "catch-up", version)]
pub(crate) struct Args {
    /// How much the source writes before, in 10^9 bytes of binary log
    #[arg(long, value_name = "GB", default_value = "1", value_parser = gigabytes)]
    pub(crate) gigabytes: Size,

    /// How often each way is measured; no ratio is printed from fewer than five
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,

    /// Also measure the catch-up with every row applied; takes minutes, and more room on the disk
    #[arg(long)]
    pub(crate) applied: bool,

    /// Which database
    #[arg(long, value_name = "SERVER", value_enum, default_value = "mysql")]
    pub(crate) server: Server,

    /// Where the page is written, as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Bytes of binary log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// The databases that can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Server {
    Mysql,
    Mariadb,
}

impl Server {
    pub(crate) const fn flavor(self) -> Flavor {
        match self {
            Self::Mysql => Flavor::MySql,
            Self::Mariadb => Flavor::MariaDb,
        }
    }
}

/// More would fill disks, less is over before it has begun.
const GIGABYTES: std::ops::RangeInclusive<f64> = 0.001..=20.0;

fn gigabytes(text: &str) -> Result<Size, String> {
    let refused = || {
        let (least, most) = (GIGABYTES.start(), GIGABYTES.end());
        format!("a number of gigabytes from {least} to {most}")
    };
    let number: f64 = text.parse().map_err(|_| refused())?;
    if GIGABYTES.contains(&number) {
        Ok(Size((number * 1e9) as u64))
    } else {
        Err(refused())
    }
}

impl Args {
    /// What gives these figures again, as it was typed.
    pub(crate) fn command_line() -> String {
        let mut words = vec!["cargo run --release -p eastwest-benches --bin catch-up".to_owned()];
        let typed: Vec<_> = std::env::args().skip(1).collect();
        if !typed.is_empty() {
            words.push("--".to_owned());
        }
        words.extend(typed);
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        let parse = |size: &str| Args::try_parse_from(["catch-up", "--gigabytes", size]);
        assert_eq!(parse("0.01").unwrap().gigabytes, Size(10_000_000));
        assert_eq!(parse("20").unwrap().gigabytes, Size(20_000_000_000));
        for refused in ["0", "21", "-1", "NaN", "much"] {
            assert!(parse(refused).is_err(), "{refused}");
        }
    }
}
