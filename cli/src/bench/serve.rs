//! `eastwest bench serve`: the app at the far end, on another host.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::far;

/// Flags of `eastwest bench serve`.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where to listen: at all IPv4 addresses, unless another one is given
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:3306")]
    listen: SocketAddr,
}

/// Serves; says `listening on ADDRESS` on standard output when it does.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let listener = far::listen(args.listen)?;
        writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
        tokio::select! {
            () = far::serve(listener) => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}
