//! `eastwest wait`: returns when a server is ready.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use eastwest_daemon::HumanDuration;

use crate::exchange::{Broken, Patience, exchange};
use crate::one_line::in_one_line;
use crate::progress::Progress;

/// Time between two questions.
const AGAIN: Duration = Duration::from_millis(20);
/// Time for one answer; the port is on this host.
const ANSWER: Duration = Duration::from_secs(1);
/// Even where the time is over: a server that is ready has answered by then.
const LEAST: Duration = Duration::from_millis(100);
/// Bytes of it; ours say a line for each thing that they wait for.
const LONGEST: u64 = 64 << 10;

/// Wait until a gateway, resolver or shim is ready
///
/// Asks /healthz/ready of the server until it says yes. Exit status 0: ready. 1: it was not within
/// the time, and why not.
#[derive(Debug, clap::Args)]
pub struct WaitArgs {
    /// The server's --ready-address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:15021", value_parser = address)]
    address: SocketAddr,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    max: HumanDuration,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address with a port, as in 127.0.0.1:15021")
}

/// Waits.
///
/// # Errors
/// When the time is over; says what the server said last.
pub fn run(args: &WaitArgs) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let progress = Progress::of(format!("waiting for {}", args.address));
    loop {
        let left = args.max.get().saturating_sub(begun.elapsed());
        let Err(unready) = ask(args.address, left) else {
            return Ok(ExitCode::SUCCESS);
        };
        if begun.elapsed() >= args.max.get() {
            anyhow::bail!(
                "{} is not ready after {}: {unready}",
                args.address,
                args.max
            );
        }
        progress.now(format!("waiting for {}: {unready}", args.address));
        std::thread::sleep(AGAIN);
    }
}

/// Why nobody is ready.
#[derive(Debug, thiserror::Error)]
enum Unready {
    #[error("nobody listens there; --address is the server's --ready-address")]
    Refused,
    #[error("what listens there does not answer; is it stopped, or frozen?")]
    Silent,
    #[error(
        "what answers there is no server of eastwest; --address is the server's --ready-address"
    )]
    Stranger,
    #[error("it ends the connection without an answer")]
    HungUp,
    #[error("it answers with {0}, and says no more")]
    Status(String),
    #[error("{0}")]
    Said(String),
    #[error(transparent)]
    Io(io::Error),
}

/// Whether it says yes. Each question is given up after a second, and soon where less is left.
fn ask(address: SocketAddr, left: Duration) -> Result<(), Unready> {
    let question =
        format!("GET /healthz/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let time = left.clamp(LEAST, ANSWER);
    let patience = Patience {
        step: time,
        whole: time,
        longest: LONGEST,
    };
    let answer = exchange(address, &question, patience).map_err(|broken| match broken {
        Broken::Unfinished => Unready::Silent,
        Broken::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Unready::Refused,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unready::Silent,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Unready::HungUp,
            _ => Unready::Io(error),
        },
    })?;
    judge(&String::from_utf8_lossy(&answer))
}

fn judge(answer: &str) -> Result<(), Unready> {
    if answer.is_empty() {
        return Err(Unready::HungUp);
    }
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(Unready::Stranger)?;
    let status = head.lines().next().unwrap_or_default();
    let status = status.strip_prefix("HTTP/1.1 ").ok_or(Unready::Stranger)?;
    match body.trim() {
        _ if status.starts_with("200") => Ok(()),
        "" => Err(Unready::Status(in_one_line(status))),
        said => Err(Unready::Said(in_one_line(said))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: &str) -> String {
        judge(answer).map_or_else(|unready| unready.to_string(), |()| "ready".to_owned())
    }

    #[test]
    fn whoever_is_not_ready_is_told_in_words() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\nready", "ready"),
            (
                "HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready\nstart: the server is starting\n",
                "not ready\\nstart: the server is starting",
            ),
            (
                "HTTP/1.1 400 Bad Request\r\n\r\n",
                "it answers with 400 Bad Request, and says no more",
            ),
            (
                "SSH-2.0-OpenSSH_9.2\r\n",
                "what answers there is no server of eastwest",
            ),
            ("", "it ends the connection without an answer"),
        ] {
            let said = said(answer);
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
