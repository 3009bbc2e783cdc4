//! How fast a replica catches up over the whole path: `catch-up --help`, and `benches/README.md`.

mod args;
mod binlog;
mod congestion;
mod figures;
mod report;
mod round;
mod site;
mod way;

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use eastwest::leftovers::clear_when_interrupted;
use eastwest::mysql::Packages;

use args::Args;
use binlog::Written;
use figures::Round;
use report::{Beside, Report};
use round::{CaughtUp, catch_up};
use site::Site;
use way::Way;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let eastwest = std::env::current_exe()?.with_file_name("eastwest");
    anyhow::ensure!(
        eastwest.is_file(),
        "{} is missing: cargo build --release",
        eastwest.display()
    );
    let _survived = clear_when_interrupted(&eastwest)?;
    let installed = Packages::in_default_cache()?.ensure(args.server.flavor())?;
    let before = Beside::now();
    let site = Site::start(&eastwest, &installed)?;
    say("the source writes");
    let written = binlog::write(site.databases.source.client(), args.gigabytes)?;
    // What is read for the first time is read from the disk, and buffers grow.
    for way in Way::ALL {
        say(&format!("before all rounds: {}", way.name()));
        catch_up(&site, way, &written, false)?;
    }
    let rounds = (0..args.rounds).map(|number| round(&site, &written, &args, number));
    let rounds = rounds.collect::<anyhow::Result<Vec<_>>>()?;
    let report = Report::of(&installed, &site, &written, &rounds, &before);
    write!(std::io::stdout(), "{}", report.text())?;
    if let Some(out) = &args.out {
        std::fs::write(out, report.page()).with_context(|| out.display().to_string())?;
    }
    Ok(())
}

/// Both ways; neither comes first every time.
fn round(site: &Site, written: &Written, args: &Args, number: u16) -> anyhow::Result<Round> {
    let one = |way: Way| -> anyhow::Result<CaughtUp> {
        let caught_up = catch_up(site, way, written, args.applied)?;
        let seconds = caught_up.received.wall.as_secs_f64();
        say(&format!(
            "round {}: {}, received in {seconds:.3} s",
            number + 1,
            way.name()
        ));
        Ok(caught_up)
    };
    let [path, direct] = Way::ALL;
    if number.is_multiple_of(2) {
        Ok([one(path)?, one(direct)?])
    } else {
        let direct = one(direct)?;
        Ok([one(path)?, direct])
    }
}

/// What is going on, for whoever waits.
fn say(line: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "catch-up: {line}");
}
