//! What a stage and its holder say to each other: one JSON value a line, each request answered once.

use std::fmt;
use std::io::{self, Write};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::link::Link;
use super::plan::StagePlan;

/// From the stage, on the holder's standard input. Its end ends the stage.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// The first request: make all this.
    Start(StagePlan),
    /// Give a host an address.
    AddAddress(End, IpNet),
    /// Take an address from a host.
    DeleteAddress(End, IpNet),
    /// Cut or restore a host's cable.
    Set(End, Link),
}

/// A host's end of a cable.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) host: String,
    pub(super) network: String,
}

/// From the holder, on its standard output.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// It is done.
    Done,
    /// The stage cannot be made here.
    Refused(Refusal),
    /// The stage stands, but this could not be done.
    Failed(String),
}

/// Writes one message and its line end.
pub(super) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(_) => f.write_str("start a stage"),
            Self::AddAddress(end, address) => write!(f, "give {address} to {end}"),
            Self::DeleteAddress(end, address) => write!(f, "take {address} from {end}"),
            Self::Set(end, link) => write!(f, "set the link of {end} to {link:?}"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host {:?} on network {:?}", self.host, self.network)
    }
}
