//! Mode `redirect`: nf_tables rules that send an app's connections to virtual IPs to the shim.
//!
//! A container image without a shell has no `nft`, so the rules go to the kernel by nfnetlink.
//! They name virtual IPs and, with `--dns`, port 53. Nothing else of the pod's traffic is touched, so
//! of what the shim itself sends only its questions to name servers need an exemption: by its uid.
//!
//! ```text
//! app --> 240.240.0.5:3306   chain capture: to 127.0.0.1:15001, where the shim reads back
//!                            240.240.0.5:3306 (module `original_dst`)
//!                            chain guard: whatever is addressed to a virtual IP even so
//!                            is refused at once
//! ```
//!
//! A `local` route to the virtual IPs is never laid: without the rules it would take them to the
//! pod's own listeners, and a replica would replicate from itself.

mod args;
mod attribute;
mod compile;
mod error;
mod expression;
mod installed;
mod keep;
mod netlink;
mod nftables;
mod own_network;
mod range;
mod report;
mod route;
mod rule;
mod ruleset;

use std::io::Write;
use std::process::ExitCode;

pub use self::args::{CaptureArgs, ShimUidError};
pub use self::error::CaptureError;
pub use self::installed::{Installed, InstalledChain, InstalledRule, differences};
pub use self::nftables::{installed, lay, remove};
pub use self::range::{DEFAULT_RANGES, RangeError, VirtualRange};
pub use self::report::Format;
pub use self::route::{Reachability, lay_route, reachability, remove_routes};
pub use self::rule::{Action, Condition, Rejection, Rule, Transport};
pub use self::ruleset::{Attachment, Chain, Hook, Ruleset, ShimUid, TABLE};

use self::args::{CaptureCommand, CheckArgs, LayArgs};
use self::own_network::refuse_own;
use self::report::Report;

/// The command line of `capture keep`, which is a process of its own.
pub(crate) fn keep_command() -> clap::Command {
    keep::command()
}

/// What was asked could not be done.
const FAILED: u8 = 1;
/// The flags are wrong: clap's own status, too.
const USAGE: u8 = 2;
/// `check` could not look, which is no difference found.
const UNSEEN: u8 = 3;

/// Runs `eastwest-shim capture`, printing to standard output, and to standard error what went wrong; the
/// status is that of its help text.
#[must_use]
pub fn run(args: &CaptureArgs) -> ExitCode {
    run_to(args, &mut std::io::stdout().lock()).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        ExitCode::from(match args.command {
            _ if error.is_usage() => USAGE,
            CaptureCommand::Check(_) => UNSEEN,
            _ => FAILED,
        })
    })
}

/// [`run`], printing to `out`.
///
/// # Errors
/// [`CaptureError`], if the flags are wrong, the kernel refuses or the output cannot be written.
pub fn run_to(args: &CaptureArgs, out: &mut dyn Write) -> Result<ExitCode, CaptureError> {
    match &args.command {
        CaptureCommand::Lay(args) => run_lay(args, out),
        CaptureCommand::Check(args) => run_check(args, out),
        CaptureCommand::Keep(args) => Ok(keep::main(&args.flags)),
        CaptureCommand::Remove => run_remove(out),
    }
}

fn run_lay(args: &LayArgs, out: &mut dyn Write) -> Result<ExitCode, CaptureError> {
    let ruleset = args.rules.ruleset()?;
    refuse_own(&args.rules.ranges)?;
    // The rules come first: a route alone must never exist.
    lay(&ruleset)?;
    if args.route {
        args.rules.ranges_v4().try_for_each(lay_route)?;
    }
    Report::of_routes(&args.rules.ranges)?.laid(out, args.output, &ruleset)?;
    Ok(ExitCode::SUCCESS)
}

fn run_check(args: &CheckArgs, out: &mut dyn Write) -> Result<ExitCode, CaptureError> {
    let ruleset = args.rules.ruleset()?;
    let mut report = Report::of_routes(&args.rules.ranges)?;
    let differences = differences(&ruleset, installed()?.as_ref());
    report.problems.splice(0..0, differences);
    report.checked(out, args.output)?;
    Ok(if report.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_remove(out: &mut dyn Write) -> Result<ExitCode, CaptureError> {
    // The routes go first, for the same reason.
    for range in remove_routes()? {
        writeln!(out, "removed: route to {range} by lo")?;
    }
    if remove()? {
        writeln!(out, "removed: table inet {TABLE}")?;
    } else {
        writeln!(out, "nothing to remove: there is no table inet {TABLE}")?;
    }
    Ok(ExitCode::SUCCESS)
}
