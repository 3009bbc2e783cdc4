//! `eastwest bench serve`: the app at the far end, on another host.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::far;

/// Be the app at the far end, until Ctrl-C
///
/// It gives, echoes and sends whatever a client of `eastwest bench --to` asks for, so that it is to be
/// there only while it is measured. Put it where the shim of the pod leads: at the pod's own address and the
/// port of the shim's --inbound. Unless --listen says otherwise it listens on MySQL's port at all IPv4
/// addresses, as the shim dials the pod's own one, which is another in every pod: whoever reaches the pod
/// reaches it, too, and without a shim. With --listen POD-ADDRESS:3306, or a NetworkPolicy, fewer do; at
/// 127.0.0.1:3306 the shim finds it with --app-address 127.0.0.1.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where to listen
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
