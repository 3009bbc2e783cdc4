//! `eastwest status`, `routes`, `conns`, `drain` and `certs show`: what a running server tells of itself.
//!
//! All of it comes from `/status.json` of the server's admin address, and the flight recorder from
//! `/history.json`: what is printed here, the page of the server shows as well.

mod certificates;
mod conns;
mod drain;
mod history;
mod overview;
mod quantities;
mod rates;
mod routes;
mod server;
mod told;
mod watch;

pub use certificates::{ShowArgs, show};
pub use conns::{ConnsArgs, run as conns};
pub use drain::{DrainArgs, run as drain};
pub use overview::{StatusArgs, run as status};
pub use routes::{RoutesArgs, run as routes};

use std::io::{self, Write};

use clap::ValueEnum;
use serde_json::Value;

/// The flags are wrong, or there is no such route. clap's own status, too.
const USAGE: u8 = 2;
/// The server is not ready.
const NOT_READY: u8 = 3;
/// A route is down.
const ROUTE_DOWN: u8 = 4;
/// A certificate is not valid, or ends within the hour.
const CERTIFICATE: u8 = 5;
/// Files that were read again are not in force.
const REFUSED: u8 = 6;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// As the server tells it
    Json,
}

/// Indented, as it is read by people as often as by programs.
fn print_json(out: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
