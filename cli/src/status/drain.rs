//! `eastwest drain`: has a server end as on SIGTERM, and waits for it.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_daemon::HumanDuration;

use super::quantities::count;
use super::server::{AdminArgs, AdminError};
use super::told::Told;
use crate::one_line::in_one_line;

/// Time between two looks.
const AGAIN: Duration = Duration::from_millis(200);

/// Have a running server end, as on SIGTERM: unready first, then nothing more is accepted, then connections end
///
/// How long each takes the server's --drain-lame-duck and --drain-grace say. It is asked on its own host, or in
/// its pod: from elsewhere it takes no orders.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 it is draining, or under --wait it has ended, 1 it could not be told, or has not
ended in time, 2 wrong usage.")]
pub struct DrainArgs {
    /// Return when the process has ended
    #[arg(long)]
    wait: bool,
    /// How long to wait for that
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "60s",
        requires = "wait"
    )]
    max: HumanDuration,
    #[command(flatten)]
    server: AdminArgs,
}

/// Why it was waited for in vain.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server at {address} has not ended after {max}: {open} open; its --drain-grace may be longer, and \
     `eastwest conns` says whose they are"
)]
struct NotEnded {
    address: std::net::SocketAddr,
    max: HumanDuration,
    open: String,
}

/// Runs it.
///
/// # Errors
/// When the server cannot be told, or has not ended in time.
pub fn run(args: &DrainArgs) -> anyhow::Result<ExitCode> {
    // First: whoever answers with another number later is another process.
    let process = match args.wait {
        true => Some(Told::by(&args.server)?.status.program.pid),
        false => None,
    };
    let said = args.server.post("/drain")?;
    writeln!(io::stdout(), "{}", in_one_line(&said))?;
    if let Some(process) = process {
        ended(args, process)?;
        writeln!(io::stdout(), "process {process} has ended")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn ended(args: &DrainArgs, process: u32) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut told = None;
    loop {
        match Told::by(&args.server) {
            Ok(now) if now.status.program.pid != process => return Ok(()),
            Ok(now) => {
                let open = now.status.connections.open;
                if told != Some(open) && io::stderr().is_terminal() {
                    let _ = writeln!(io::stderr(), "{} open", count(open, "connection"));
                }
                told = Some(open);
            }
            Err(AdminError::Refused(_)) => return Ok(()),
            // Cut off by its end, as likely as not: asked again.
            Err(_) => {}
        }
        if begun.elapsed() >= args.max.get() {
            return Err(NotEnded {
                address: args.server.admin,
                max: args.max,
                open: count(told.unwrap_or_default(), "connection"),
            }
            .into());
        }
        sleep(AGAIN);
    }
}
