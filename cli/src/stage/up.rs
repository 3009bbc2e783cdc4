//! A stage by hand: `eastwest stage-up`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use nix::sys::signal::{SigSet, Signal};

use super::{Stage, two_clusters};

/// Which stage.
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// File with the plan as JSON [default: the two clusters of the demo]
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

/// Starts a stage, says how to get in, and ends it on Ctrl-C.
pub(super) fn run(args: &UpArgs) -> anyhow::Result<ExitCode> {
    let plan = match &args.plan {
        None => two_clusters(),
        Some(path) => {
            let text =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            serde_json::from_slice(&text).with_context(|| format!("in {}", path.display()))?
        }
    };
    let ends: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    ends.thread_block()?;
    let eastwest = std::env::current_exe()?;
    let stage = Stage::start(&eastwest, &plan)?;
    let mut out = io::stdout();
    for host in &plan.hosts {
        writeln!(out, "{}", stage.host(&host.name)?.shell_line())?;
    }
    out.flush()?;
    ends.wait()?;
    Ok(ExitCode::SUCCESS)
}
