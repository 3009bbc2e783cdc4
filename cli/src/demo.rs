//! `eastwest demo`: the two clusters, shown to a person.

mod hello;
mod hot_restart;
mod mysql;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::clusters::{Clusters, Layout};
use crate::leftovers::clear_when_interrupted;
use crate::progress::Progress;
use crate::stage::{Stage, StageError};

/// Two clusters on this machine, and what the path between them does
///
/// Needs no Kubernetes, and no root where the kernel lets you make user namespaces. Everything is
/// real: processes, sockets, DNS, TLS, identities. It all ends with the demo, also on Ctrl-C.
///
/// Exit status 0: everything was as it should be. 1: something was not.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Also replicate a database: a replica in cluster B follows db-pxc-0 of cluster A, and goes on to
    /// while new gateways take over
    ///
    /// Real MySQL servers, fetched by package name from your Debian mirror into a folder of their
    /// own, the first time.
    #[arg(long)]
    mysql: bool,
    /// Leave it running, and print how to get a shell in cluster B; Ctrl-C ends it
    #[arg(long)]
    keep: bool,
    /// Use loopback addresses instead of namespaces
    #[arg(long, conflicts_with = "mysql")]
    loopback: bool,
}

/// Shows it.
///
/// # Errors
/// When the clusters cannot be set up.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let eastwest = std::env::current_exe()?;
    let _survived = clear_when_interrupted(&eastwest)?;
    let mut out = std::io::stdout();
    let layout = layout(args, &eastwest, &mut out)?;
    writeln!(out, "Two clusters, {}:", described(layout))?;
    let progress = Progress::of("making the clusters");
    let mut clusters = Clusters::prepare(&eastwest, layout)?;
    drop(progress);
    if args.mysql {
        // What stands in its way is told before the rest is shown.
        mysql::check(&clusters)?;
    }
    // Held until the end, so that --keep keeps the databases too.
    let _databases;
    let mut ok = hello::show(&mut clusters, &mut out)?;
    if args.mysql {
        let (databases, shown) = mysql::show(&mut clusters, &mut out)?;
        ok &= shown && hot_restart::show(&mut clusters, &databases, &mut out)?;
        _databases = databases;
    }
    if args.keep {
        keep(&clusters, &mut out)?;
    }
    if !ok {
        writeln!(
            out,
            "\nSomething was not as it should be. With --keep the logs stay, to be looked at."
        )?;
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Waits for Ctrl-C.
fn keep(clusters: &Clusters, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "\nAll of it runs until Ctrl-C. Logs: {}",
        clusters.dir().display()
    )?;
    if let Some(stage) = clusters.stage() {
        writeln!(out, "  {}", stage.host("b-app")?.shell_line())?;
    }
    out.flush()?;
    loop {
        std::thread::park();
    }
}

const fn described(layout: Layout) -> &'static str {
    match layout {
        Layout::Stage => "each pod in a network namespace of its own",
        Layout::Loopback => "on loopback addresses of this machine",
    }
}

fn layout(args: &DemoArgs, eastwest: &Path, out: &mut impl Write) -> anyhow::Result<Layout> {
    if args.loopback {
        return Ok(Layout::Loopback);
    }
    match Stage::supported(eastwest) {
        Ok(()) => Ok(Layout::Stage),
        Err(StageError::Refused(refusal)) if !args.mysql => {
            writeln!(out, "Namespaces are refused here: {refusal}")?;
            writeln!(
                out,
                "So loopback addresses are used, where nothing keeps the clusters apart.\n"
            )?;
            Ok(Layout::Loopback)
        }
        Err(error) => Err(error.into()),
    }
}
