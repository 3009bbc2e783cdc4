//! How many instructions each part takes, counted under callgrind: a figure that hardly depends on
//! the machine, nor on what else it does, and that a change can be held against.

mod args;
mod baseline;
mod callgrind;
mod case;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use crate::args::Args;
use crate::baseline::Baseline;
use crate::callgrind::Callgrind;
use crate::case::Case;

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let (Some(times), [case]) = (args.perform, args.cases.as_slice()) {
        case.perform(times)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Read first: a file that is none should not be found out after minutes.
    let before = args.compare.as_deref().map(Baseline::read).transpose()?;
    let cases = if args.cases.is_empty() {
        Case::value_variants()
    } else {
        &args.cases
    };
    let callgrind = Callgrind::find()?;
    let mut now = Baseline::new()?;
    let mut out = std::io::stdout();
    for case in cases {
        let each = callgrind.count(*case).with_context(|| case.name())?;
        writeln!(out, "{:<22} {each:>14.1} instructions", case.name())?;
        now.keep(*case, each);
    }
    if let Some(path) = &args.write {
        now.write(path)?;
    }
    let Some(before) = before else {
        return Ok(ExitCode::SUCCESS);
    };
    let report = now.against(&before, Case::value_variants(), args.tolerance);
    write!(out, "\n{report}")?;
    Ok(report.ending().into())
}
