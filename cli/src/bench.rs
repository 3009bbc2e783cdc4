//! `eastwest bench`: what this path carries on the user's own hardware.
//!
//! - `args`: what is asked for; `rate`, `event_rate`: bandwidths, events a second
//! - `wire`, `far`, `load`: what client and app say, the app, the loads
//! - `way`, `compare`, `line`: through what a load goes, and how long it is
//! - `rounds`, `results`, `report`, `files`: in turns, and what came of it

mod args;
mod compare;
mod event_rate;
mod far;
mod files;
mod line;
mod load;
mod progress;
mod rate;
mod report;
mod results;
mod rounds;
mod serve;
mod target;
mod way;
mod wire;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::leftovers::{GuardedFolder, clear_when_interrupted};
use crate::measure::machine::{Processes, load_average};
use args::{Command, LoadArgs, Output};
use compare::Found;
use report::Report;
use results::Results;
use way::{Ground, Through, Way};

pub use args::BenchArgs;

/// Something could not be measured.
const FAILED: u8 = 1;
/// The flags are wrong, or name what is not there. clap's own status, too.
const USAGE: u8 = 2;
/// A program to compare with is not there.
const MISSING: u8 = 3;
/// The far app of another host has to answer by then.
const ANSWER: Duration = Duration::from_secs(10);

/// Runs the command.
///
/// # Errors
/// When a way cannot be set up, or the outcome can't be printed.
pub fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    all_descriptors();
    match &args.command {
        Some(Command::Serve(args)) => serve::run(args),
        None => measure(&args.load),
    }
}

fn measure(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let refuse = |code: u8, why: String| {
        writeln!(io::stderr(), "eastwest bench: {why}")?;
        Ok(ExitCode::from(code))
    };
    // What stands in the way is told before minutes are spent.
    if let Some(why) = args.unusable() {
        return refuse(USAGE, why);
    }
    let found = match Found::look(&args.compare, |peer| args.program(peer)) {
        Ok(found) => found,
        Err(missing) => return refuse(MISSING, missing.to_string()),
    };
    let files = files::wanted(args);
    if let Some(why) = files.iter().find_map(|file| file.check().err()) {
        return refuse(USAGE, why.to_string());
    }
    let eastwest = std::env::current_exe()?;
    let load_before = load_average();
    let (before, begun) = (Processes::now(), Instant::now());
    let results = match args.to {
        Some(_) => between_hosts(args)?,
        None => on_this_machine(args, &eastwest, &found)?,
    };
    let neighbours = Processes::now().others_since(&before, std::process::id(), begun.elapsed());
    let report = Report {
        args,
        results: &results,
        load_before,
        neighbours,
        versions: found.versions(),
    };
    let mut out = io::stdout().lock();
    let printed = match args.output {
        Output::Text => report.text(),
        Output::Markdown => report.markdown(args.plot.as_deref()),
        Output::Json => report.json()?,
    };
    // Minutes were spent on it: what keeps one of them from being written keeps no other.
    let shown = out.write_all(printed.as_bytes()).and_then(|()| out.flush());
    let written: Vec<_> = files.iter().map(|file| file.write(&report)).collect();
    shown?;
    written.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(match results.failures().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    })
}

/// All of it on loopback addresses, in processes of this program and of those that are compared with.
fn on_this_machine(args: &LoadArgs, eastwest: &Path, found: &Found) -> anyhow::Result<Results> {
    let _survived = clear_when_interrupted(eastwest)?;
    let dir = GuardedFolder::new("eastwest-bench-").context(
        "cannot make a folder for temporary files; set TMPDIR to one that can be written to",
    )?;
    let ground = Ground::new(eastwest, dir.path(), args.threads, args.long())?;
    far::start(ground.app())?;
    let peers = args.compare.iter().map(|peer| peer.through());
    let throughs = [Through::Direct, Through::Ours].into_iter().chain(peers);
    let ways = throughs.map(|through| ground.start(through, found));
    let ways: Vec<Way> = ways.collect::<anyhow::Result<_>>()?;
    rounds::run(args, &ways)
}

/// Through whatever is between this host and the one with `bench serve`.
fn between_hosts(args: &LoadArgs) -> anyhow::Result<Results> {
    let mut ways = Vec::new();
    let targets = [(Through::Direct, &args.direct), (Through::Path, &args.to)];
    for (through, target) in targets {
        let Some(target) = target else { continue };
        let address = target.resolve()?;
        load::greet(address, ANSWER)
            .with_context(|| format!("`eastwest bench serve` does not answer at {target}"))?;
        ways.push(Way::to(through, address, args.long())?);
    }
    rounds::run(args, &ways)
}

/// Two for each stream, in this process; those that are started get as many.
fn all_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // Where that is refused, few streams will do.
    let _ = setrlimit(Resource::Nofile, raised);
}
