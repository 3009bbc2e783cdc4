//! The sidecar shim: plain TCP for the apps of a pod, mutual TLS for the network.
//!
//! - `args`, `config`: the command line, and what it means once checked
//! - `manifests`: routes and callers, read again when the files change
//! - `callers`: who may call; nobody, where a part of the manifests cannot be read
//! - `identity`: the pod's certificate, followed while it is rotated
//! - `outbound`: an app dials an alias; a tunnel to one of its gateways carries it
//! - `vips`: the listeners of aliases, opened, closed and tried again
//! - `own_ports`: what a server of this pod listens on itself, which the shim never takes from it
//! - `inbound`: a caller is checked, and the app dialled
//! - [`capture`], [`original_dst`]: the redirect rules, and what they redirected
//! - `dns`: the resolver inside this process
//! - `gauges`: routes and certificates as metrics

mod args;
mod callers;
pub mod capture;
mod config;
mod dns;
mod gauges;
mod identity;
mod inbound;
mod manifests;
pub mod original_dst;
mod outbound;
mod own_ports;
mod redirected;
mod serve;
mod status;
mod vips;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use eastwest_daemon::SettingsError;

pub use args::{Mode, ShimArgs, ShimCommand};
pub use config::Config;
pub use inbound::{AllowRule, AllowRuleError};
pub use outbound::{DISCARD, FarEnd, Locality};
pub use own_ports::{OF_ALL_ADDRESSES, listening};
pub use serve::run;

/// Its command line, that of `capture keep` included.
#[must_use]
pub fn command() -> clap::Command {
    eastwest_daemon::command::<ShimArgs>().mut_subcommand("capture", |capture| {
        capture.mut_subcommand("keep", |_| capture::keep_command().name("keep"))
    })
}

/// Runs the shim, or one of its subcommands, from its command line to its end.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    // Laying rules is no server: no runtime, no log, no probes.
    if argv.get(1).is_some_and(|word| word == "capture") {
        return captured(&argv);
    }
    eastwest_daemon::main(argv, Config::new, run).into()
}

/// With the variables that `capture keep` has, which says itself what none of it is.
fn captured(argv: &[OsString]) -> ExitCode {
    let usage = ExitCode::from(2);
    match eastwest_daemon::parse::<ShimArgs>(argv, std::env::vars_os()) {
        Ok(parsed) => match parsed.args.command {
            Some(ShimCommand::Capture(args)) => capture::run(&args),
            None => usage,
        },
        Err(SettingsError::Usage(error)) => error.exit(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            usage
        }
    }
}
