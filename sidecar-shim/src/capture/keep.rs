//! `capture keep`: the rules laid, and laid again when somebody has taken them away.
//!
//! For the pods of the Percona operator, which can be given sidecars and no init container: beside the
//! shim, which has no rights, runs this, which has one and takes nothing from the network. It starts
//! no program: the kernel is asked by netlink.

mod command;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use eastwest_daemon::{Blocker, Bound, Context};
use metrics::{counter, describe_counter};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::command::{KeepArgs, KeepCommand};
use super::args::RuleArgs;
use super::error::CaptureError;
use super::installed::differences;
use super::nftables::{installed, lay, remove};
use super::own_network::refuse_own;
use super::report::Report;
use super::route::{Reachability, lay_route, reachability, remove_routes};
use super::ruleset::{Ruleset, TABLE};

/// Looking more often finds nothing sooner that matters: what has no rule is an app's new connection.
const LEAST_EVERY: Duration = Duration::from_millis(100);

/// Times that something was missing.
const LAID_AGAIN: &str = "eastwest_capture_laid_again_total";

/// What is to be in the kernel.
#[derive(Debug, Clone)]
struct Kept {
    rules: RuleArgs,
    ruleset: Ruleset,
    route: bool,
}

/// Its command line.
pub(super) fn command() -> clap::Command {
    eastwest_daemon::command::<KeepCommand>()
}

/// Runs from its flags to its end.
pub(super) fn main(flags: &[OsString]) -> ExitCode {
    let argv = std::iter::once(command::NAME.into()).chain(flags.iter().cloned());
    eastwest_daemon::main(argv, configure, run).into()
}

fn configure(KeepCommand(args): KeepCommand) -> anyhow::Result<(Kept, KeepArgs)> {
    if args.every.get() < LEAST_EVERY {
        bail!("--every has to be {LEAST_EVERY:?} at least");
    }
    let kept = Kept {
        ruleset: args.rules.ruleset()?,
        rules: args.rules.clone(),
        route: args.route,
    };
    Ok((kept, args))
}

/// Lays the rules, then looks after them until the process ends.
async fn run((kept, args): (Kept, KeepArgs), context: Context) -> anyhow::Result<Bound> {
    let first = kept.clone();
    let (missing, report) = spawn_blocking(move || -> Result<_, CaptureError> {
        refuse_own(&first.rules.ranges)?;
        Ok((first.look()?, Report::of_routes(&first.rules.ranges)?))
    })
    .await??;
    let laid = match missing.as_slice() {
        [] => "the rules are there already",
        _ => "the rules are laid",
    };
    tracing::info!(every = %args.every, "{laid}\n{}", kept.ruleset);
    report
        .problems
        .iter()
        .for_each(|problem| tracing::error!("{problem}"));
    report
        .notes
        .iter()
        .for_each(|note| tracing::info!("{note}"));
    let blocker = context.readiness.blocker("rules");
    blocker.clear();
    let stop = context.shutdown.stop_accepting_token();
    let every = args.every.get();
    let remove_at_end = args.remove_at_end;
    // A drain waits for it, so that the rules are gone when the process is.
    context.shutdown.spawn(async move {
        keep(kept, every, blocker, stop).await;
        if remove_at_end {
            told(spawn_blocking(take_away).await);
        } else {
            tracing::info!(
                "the rules stay: connections to virtual IPs need the shim, or are refused"
            );
        }
    });
    Ok(Bound::new())
}

/// Until it is told to stop, which it does between two looks: nothing is laid after that.
async fn keep(kept: Kept, every: Duration, blocker: Blocker, stop: CancellationToken) {
    describe_counter!(
        LAID_AGAIN,
        "Times that the redirect rules were found changed, and laid again."
    );
    counter!(LAID_AGAIN).increment(0);
    let mut failing = None;
    while stop.run_until_cancelled(sleep(every)).await.is_some() {
        let kept = kept.clone();
        let looked = spawn_blocking(move || kept.look().map_err(|error| error.to_string())).await;
        match looked.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(missing) => {
                for what in &missing {
                    tracing::warn!("laid again: {what}");
                }
                if !missing.is_empty() {
                    counter!(LAID_AGAIN).increment(1);
                }
                blocker.clear();
                failing = None;
            }
            Err(why) => {
                // Not every two seconds.
                if failing.as_ref() != Some(&why) {
                    tracing::error!("{why}; tried again until it succeeds");
                }
                blocker.set(why.clone());
                failing = Some(why);
            }
        }
    }
}

impl Kept {
    /// Lays what is missing, and says what it was. The rules come first: a route alone must never be.
    fn look(&self) -> Result<Vec<String>, CaptureError> {
        let mut missing = differences(&self.ruleset, installed()?.as_ref());
        if !missing.is_empty() {
            lay(&self.ruleset)?;
        }
        if !self.route {
            return Ok(missing);
        }
        for range in &self.rules.ranges {
            if let (ipnet::IpNet::V4(v4), Reachability::Unroutable(_)) =
                (range.network(), reachability(*range)?)
            {
                lay_route(v4)?;
                missing.push(format!("route to {range} by lo"));
            }
        }
        Ok(missing)
    }
}

fn take_away() -> Result<bool, CaptureError> {
    remove_routes()?;
    remove()
}

fn told(removed: Result<Result<bool, CaptureError>, JoinError>) {
    match removed.map(|removed| removed.map_err(|error| error.to_string())) {
        Ok(Ok(true)) => tracing::info!("removed: table inet {TABLE}"),
        Ok(Ok(false)) => tracing::info!("nothing to remove: there is no table inet {TABLE}"),
        Ok(Err(error)) => tracing::error!("the rules are not removed: {error}"),
        Err(error) => tracing::error!("the rules are not removed: {error}"),
    }
}
