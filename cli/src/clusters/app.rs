//! What an app does in a pod, as a program: look a name up, connect, ask.
//!
//! The look-up is the C library's, from the host's own `/etc/resolv.conf`, and the connection is a
//! plain one: nothing in here knows that there is a resolver or a shim.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Time for one attempt.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What an app of the demo can be told to do.
#[derive(Debug, clap::Subcommand)]
pub enum AppCommand {
    /// Look a host up, ask it for / over HTTP, and say in JSON what came of it
    #[command(hide = true)]
    AppVisit {
        /// Name of the host
        host: String,
        /// Port of the host
        port: u16,
        /// Address to connect to instead of looking the host up
        #[arg(long)]
        at: Option<IpAddr>,
        /// Send half of the request, say so with a dot, and go on when a line comes in
        #[arg(long)]
        pause: bool,
    },
    /// Read what a server tells over HTTP, its metrics by default, and print it as one JSON string
    #[command(hide = true)]
    AppScrape {
        /// Its metrics address, or its admin address
        target: SocketAddr,
        /// What is asked for
        #[arg(default_value = "/metrics")]
        path: String,
    },
    /// Try to connect to addresses, and say in JSON which could be
    #[command(hide = true)]
    AppReach {
        /// Addresses with ports
        targets: Vec<SocketAddr>,
    },
}

/// What came of a visit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Visit {
    /// The address that the name stood for.
    pub address: Option<IpAddr>,
    /// The body of the answer.
    pub answer: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// Time for all of it, in microseconds.
    pub took_us: u64,
}

/// Whether one address could be connected to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reached {
    /// The address.
    pub target: SocketAddr,
    /// What the system said where it could not.
    pub error: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the result cannot be printed.
pub fn run(command: &AppCommand) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout();
    match command {
        AppCommand::AppVisit {
            host,
            port,
            at,
            pause,
        } => {
            serde_json::to_writer(&mut out, &visit(host, *port, *at, *pause))?;
        }
        AppCommand::AppScrape { target, path } => {
            serde_json::to_writer(&mut out, &scrape(*target, path)?)?;
        }
        AppCommand::AppReach { targets } => {
            let reached: Vec<_> = targets.iter().map(|&target| reach(target)).collect();
            serde_json::to_writer(&mut out, &reached)?;
        }
    }
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}

fn visit(host: &str, port: u16, at: Option<IpAddr>, pause: bool) -> Visit {
    let begun = Instant::now();
    let address = match at {
        Some(ip) => Ok(SocketAddr::new(ip, port)),
        None => look_up(host, port),
    };
    let answer = address
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|&address| get(host, address, pause).map_err(|error| error.to_string()));
    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (answer, error) = match answer {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error)),
    };
    Visit {
        address: address.ok().map(|address| address.ip()),
        answer,
        error,
        took_us,
    }
}

fn look_up(host: &str, port: u16) -> io::Result<SocketAddr> {
    let mut found = (host, port).to_socket_addrs()?;
    found
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

fn get(host: &str, address: SocketAddr, pause: bool) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET / HTTP/1.1\r\n")?;
    if pause {
        let mut out = io::stdout();
        out.write_all(b".")?;
        out.flush()?;
        io::stdin().read_line(&mut String::new())?;
    }
    write!(stream, "Host: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.trim().to_owned()),
        _ => {
            let said = answer.lines().next().unwrap_or("nothing").to_owned();
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the answer was {said:?}"),
            ))
        }
    }
}

fn scrape(target: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&target, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {target}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn reach(target: SocketAddr) -> Reached {
    let error = TcpStream::connect_timeout(&target, TIMEOUT)
        .err()
        .map(|error| error.to_string());
    Reached { target, error }
}
