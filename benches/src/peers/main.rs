//! Ours beside other programs that do the same job: `peers --help`, and `benches/README.md`.

mod args;
mod bench;
mod config;
mod ground;
mod growth;
mod hello;
mod job;
mod keys;
mod load;
mod meter;
mod place;
mod quota;
mod report;
mod results;
mod rounds;
mod row;
mod running;
mod subject;
mod tools;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use eastwest::leftovers::{Guarded, clear_when_interrupted};
use eastwest_benches::machine::{Processes, load_average};

use args::{Args, Build};
use bench::Bench;
use ground::Ground;
use job::Job;
use report::all_reached;
use results::Results;
use rounds::say;
use tools::Tools;

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let here = std::env::current_exe()?;
    let eastwest = here.with_file_name("eastwest");
    anyhow::ensure!(
        eastwest.is_file(),
        "{} is missing: benches/peers/run.sh builds all that is needed",
        eastwest.display()
    );
    let _survived = clear_when_interrupted(&eastwest)?;
    if args.inside {
        return inside(args, &here);
    }
    // Fetched here, as inside there is no network.
    Tools::look(!args.no_fetch)?;
    let mut again = ground::apart(&here);
    again.args(std::env::args_os().skip(1)).arg("--inside");
    let mut again = Guarded::spawn(&mut again).context("running unshare (util-linux)")?;
    let status = again.wait()?;
    Ok(ExitCode::from(
        u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
    ))
}

fn inside(mut args: Args, here: &Path) -> anyhow::Result<ExitCode> {
    if args.ours.is_empty() {
        let dir = here.parent().context("this program is in no folder")?;
        args.ours.push(Build {
            name: "ours".to_owned(),
            dir: dir.to_owned(),
        });
    }
    let (load, before, begun) = (load_average(), Processes::now(), Instant::now());
    let ground = Ground::prepare(args.cpus, args.shared, args.mtu)?;
    let bench = Bench::new(args, ground, Tools::look(false)?)?;
    let mut results = Results::default();
    for job in Job::value_variants() {
        results.announce(*job, &subject::all(*job, &bench.args));
    }
    for job in bench.args.jobs() {
        rounds::measure_job(&bench, job, &mut results);
    }
    growth::measure(&bench, &mut results);
    let time = begun.elapsed();
    let others = Processes::now().others_since(&before, std::process::id(), time);
    let machine = report::Machine::of(&bench, load, time, others);
    let verdicts = report::write(&bench, &machine, &results)?;
    let strictly = !bench.args.strict || all_reached(&verdicts);
    if !strictly {
        say("not all that is asked was measured and reached (--strict)");
    }
    Ok(if results.failures.is_empty() && strictly {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
