//! `eastwest drain`: has a server end as on SIGTERM, and waits for it.

mod process;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_daemon::HumanDuration;

use process::Process;

use super::quantities::count;
use super::server::{AdminArgs, AdminError};
use super::told::Told;
use crate::one_line::in_one_line;

/// Time between two looks.
const AGAIN: Duration = Duration::from_millis(200);

/// For how long answers have to say that a process is gone, where one of its number and age goes on: it may be another
/// container's, and a gateway that was succeeded answers no more before it ends. As long somebody else has to answer in
/// its place.
const LASTING: Duration = Duration::from_secs(10);

/// Have a running server end, as on SIGTERM: unready first, then nothing more is accepted, then connections end
///
/// How long each takes the server's --drain-lame-duck and --drain-grace say. It is asked on its own host, or in
/// its pod: from elsewhere it takes no orders.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 it is draining, or under --wait it has ended or no longer answers, 1 it could not be
told, or has not ended in time, 2 wrong usage.")]
pub struct DrainArgs {
    /// Return when the process has ended; where it cannot be seen, when it no longer answers, and where it can, or
    /// something goes on to listen for it as `kubectl port-forward` does, when that has lasted 10 s
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
    // First: a stranger is told nothing, and whoever is another process later is known by it.
    let drained = match Told::by(&args.server) {
        Ok(told) => Some(Drained::of(&told)),
        // It can be drained all the same, but not known again.
        Err(AdminError::Older { .. }) if !args.wait => None,
        Err(error) => return Err(error.into()),
    };
    let said = args.server.post("/drain")?;
    writeln!(io::stdout(), "{}", in_one_line(&said))?;
    if let Some(drained) = drained.filter(|_| args.wait) {
        let how = ended(args, &drained)?;
        let process = drained.process;
        let at = args.server.admin;
        match how {
            End::Seen => writeln!(io::stdout(), "process {process} has ended")?,
            End::Replaced => writeln!(
                io::stdout(),
                "process {process} no longer answers at {at}: another does"
            )?,
            End::Unheard => writeln!(
                io::stdout(),
                "process {process} no longer answers at {at}; from here it cannot be seen whether it has ended"
            )?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The server that is drained.
struct Drained {
    process: u32,
    started: Option<String>,
    /// Where it is a process that can be seen from here.
    seen: Option<Process>,
}

/// What an answer says of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It is there.
    Itself,
    Gone(End),
    /// Whoever listens there does not answer as a server of ours.
    Strange,
    Nothing,
}

/// How it is known that a server has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The process is gone.
    Seen,
    /// Another process has its address.
    Replaced,
    /// Nobody has its address.
    Unheard,
}

impl Drained {
    fn of(told: &Told) -> Self {
        let program = &told.status.program;
        Self {
            process: program.pid,
            started: program.started.clone(),
            seen: Process::of_age(program.pid, told.status.uptime_seconds),
        }
    }

    /// What the last answer says of it, or that there was none.
    fn heard(&self, answer: &Result<Told, AdminError>) -> Heard {
        match answer {
            Ok(now) => {
                let program = &now.status.program;
                let is_same = program.pid == self.process && program.started == self.started;
                match is_same {
                    true => Heard::Itself,
                    false => Heard::Gone(End::Replaced),
                }
            }
            Err(AdminError::Refused(_)) => Heard::Gone(End::Unheard),
            // Cut off by its end, as likely as not: asked again. A forwarder (`kubectl port-forward`) may go on so.
            Err(AdminError::HungUp(_) | AdminError::Stranger(_)) => Heard::Strange,
            Err(_) => Heard::Nothing,
        }
    }

    /// Whether it has ended, after what was heard last, which is the same since then.
    fn end(&self, heard: Heard, since: Duration) -> Option<End> {
        match (&self.seen, heard) {
            // Whatever has ended, it is not that.
            (_, Heard::Itself) => None,
            (Some(seen), _) if !seen.goes_on() => Some(End::Seen),
            (Some(_), Heard::Gone(end)) => (since >= LASTING).then_some(end),
            (None, Heard::Gone(end)) => Some(end),
            (_, Heard::Strange) => (since >= LASTING).then_some(End::Unheard),
            (_, Heard::Nothing) => None,
        }
    }
}

fn ended(args: &DrainArgs, drained: &Drained) -> anyhow::Result<End> {
    let begun = Instant::now();
    let mut told = None;
    let mut last = (Heard::Itself, begun);
    loop {
        let answer = Told::by(&args.server);
        let heard = drained.heard(&answer);
        if heard != last.0 {
            last = (heard, Instant::now());
        }
        if let Some(end) = drained.end(heard, last.1.elapsed()) {
            return Ok(end);
        }
        if let Ok(now) = answer {
            let open = now.status.connections.open;
            if told != Some(open) && io::stderr().is_terminal() {
                let _ = writeln!(io::stderr(), "{} open", count(open, "connection"));
            }
            told = Some(open);
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

#[cfg(test)]
mod tests;
