//! `eastwest wait`: returns when a server is ready.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use eastwest_daemon::HumanDuration;

use crate::progress::Progress;

/// Time between two questions.
const AGAIN: Duration = Duration::from_millis(20);
/// Time for one answer; the port is on this host.
const ANSWER: Duration = Duration::from_secs(1);

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
        let said = match ask(args.address) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(ExitCode::SUCCESS),
            Ok(answer) => answer
                .split("\r\n\r\n")
                .nth(1)
                .unwrap_or_default()
                .trim()
                .to_owned(),
            Err(error) => error.to_string(),
        };
        if begun.elapsed() >= args.max.get() {
            anyhow::bail!("{} is not ready after {}: {said}", args.address, args.max);
        }
        progress.now(format!("waiting for {}: {said}", args.address));
        std::thread::sleep(AGAIN);
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    write!(
        stream,
        "GET /healthz/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
