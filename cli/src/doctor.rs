//! `eastwest doctor`: walks the way from an alias to its app, and says which hop is broken.
//!
//! - [`Fault`]: all that can be wrong, each with its sentence, its cluster and what to try next
//! - [`Step`]: the hops; one module each looks at one of them, or at a few that belong together
//! - `args`, `settings`, `completed`: what is asked, and what the shim of this pod tells of itself
//! - `unknown`: what can be told where it tells nothing
//! - `walk`, `way`: in which order, and what was seen
//! - `report`, `markdown`: for people, for programs, for docs/doctor.md

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use eastwest_daemon::HumanDuration;

use crate::colours::Colours;
use crate::progress::Progress;

mod aliases;
mod app;
mod args;
mod capture;
mod certificate;
mod completed;
mod counted;
mod dns;
mod doubt;
mod error;
mod examine;
mod fault;
mod gateway;
mod look;
mod markdown;
mod mysql;
mod mysql_error;
mod names;
mod own_files;
mod own_rule;
mod place;
mod pod;
mod raw_hello;
mod report;
mod settings;
mod shim;
mod step;
mod unknown;
mod unserved;
mod view;
mod walk;
mod way;

pub use args::DoctorArgs;
pub use fault::Fault;
pub use place::Place;
pub use step::Step;

use args::Output;
use error::DoctorError;

/// A hop is broken.
const BROKEN: u8 = 1;
/// The flags are wrong, there is no such alias, or files can't be read. clap's own status, too.
const USAGE: u8 = 2;
/// Time between two walks of `--wait`.
const AGAIN: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
/// When the outcome can't be printed, or the process can have no runtime.
pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    if args.markdown {
        out.write_all(markdown::all().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.aliases.is_empty() && !args.all {
        return refused(&DoctorError::NoneAsked);
    }
    if args.outside && args.manifests.is_empty() {
        return refused(&DoctorError::NoManifestsOutside);
    }
    if args.wait.is_some() && args.manifests.iter().any(|path| path == Path::new("-")) {
        return refused(&DoctorError::ReadOnce);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let begun = Instant::now();
    let wait = args.wait.map_or(Duration::ZERO, HumanDuration::get);
    let progress = Progress::of("walking the routes");
    let report = loop {
        // Read anew each time: the files may be what is being mended.
        match runtime.block_on(examine::all(args, &progress)) {
            Ok(report) => {
                if report.is_healthy() || begun.elapsed() + AGAIN > wait {
                    break report;
                }
                progress.now(report::waiting(&report));
            }
            Err(error) if error.may_pass() && begun.elapsed() + AGAIN <= wait => {
                progress.now(format!("waiting: {error}"));
            }
            Err(error) => {
                drop(progress);
                return refused(&error);
            }
        }
        std::thread::sleep(AGAIN);
    };
    drop(progress);
    match args.output {
        Output::Text => report::text(&mut out, &report, Colours::of_stdout())?,
        Output::Json => report::json(&mut out, &report)?,
    }
    Ok(match report.is_healthy() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(BROKEN),
    })
}

fn refused(error: &DoctorError) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "eastwest doctor: {error}")?;
    Ok(ExitCode::from(USAGE))
}
