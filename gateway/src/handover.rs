//! Hot restart: a new gateway takes over the listening sockets and the live connections of an old one.
//!
//! The gateway only passes bytes on, so that a connection is two sockets and what is under way between
//! them. The new process finds the old one at a Unix socket (`--handover`) and gets all of it in order:
//!
//! 1. Each says which version of this it speaks. Others than the same part without harm.
//! 2. The new one gets the listening sockets, this one included, and says when it serves.
//! 3. The old one stops accepting, and hands over its relays, a batch at a time. A connection is the
//!    new one's from when it has said so; until then the old one keeps all that it takes to go on.
//! 4. When all are gone that can go, the new one gets the socket at which they meet, too, and the old
//!    one ends; what has stayed is drained as ever.
//!
//! Who has that socket is the one to be succeeded. So a new gateway whose handover breaks off comes
//! again, until the old one has given it or is no more. One that is to end before it has all gives back
//! what it has, in the same way.
//!
//! - `place`, `door`: where gateways meet, and who may come
//! - `channel`, `frame`: what they say, and how descriptors travel
//! - `greeting`, `unheard`: who may come to be heard, and who was not
//! - `cohort`: how relays are stopped
//! - `predecessor`, `successor`: the two sides
//! - `refused`: why there is no successor
//! - `giving`, `taking`: connections, as they leave the one and as they come to the other

mod channel;
mod cohort;
mod door;
mod frame;
mod giving;
mod greeting;
mod place;
mod predecessor;
mod refused;
#[cfg(test)]
mod staged;
mod successor;
mod taking;
mod unheard;

use std::net::SocketAddr;
use std::time::Duration;

use metrics::{counter, describe_counter};

use channel::ChannelError;
pub(crate) use cohort::{Answer, Cohort, Cohorts, Kept};
pub(crate) use place::Place;
pub(crate) use predecessor::Predecessor;
pub(crate) use successor::Succession;

/// How long either side waits for the other where nothing has to be done first.
const PATIENCE: Duration = Duration::from_secs(5);

const HANDED_OVER: &str = "eastwest_gateway_handed_over_total";
const TAKEN_OVER: &str = "eastwest_gateway_taken_over_total";

/// Tells the recorder what is counted here, from zero on.
pub(crate) fn describe() {
    describe_counter!(
        HANDED_OVER,
        "Live connections that another gateway process has taken over."
    );
    describe_counter!(
        TAKEN_OVER,
        "Live connections taken over from another gateway process."
    );
    for counted in [HANDED_OVER, TAKEN_OVER] {
        counter!(counted).increment(0);
    }
}

/// What the gateway's own listener is called among the sockets.
pub(crate) const GATEWAY: &str = "gateway";

/// Why there was no handover, or not of all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandoverError {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("cannot use the socket: {0}")]
    Socket(#[from] std::io::Error),
    #[error(
        "it is of another version: its build {theirs} speaks version {their_version} of the handover, \
         and this one, {ours}, version {version}. Restart it as a whole (its connections are cut), or \
         give the new one another --handover and --listen",
        version = frame::VERSION,
        ours = env!("CARGO_PKG_VERSION"),
    )]
    Version { theirs: String, their_version: u16 },
    #[error(
        "it listens on {old}, and this one is to listen on {new}: whoever is to come in would find nobody there. Give \
         this one the same --listen, stop that gateway first, or give this one another --handover"
    )]
    Elsewhere { old: SocketAddr, new: SocketAddr },
    #[error(
        "{open} connections are open there, and this one may have {most} (--max-connections, or open files: ulimit -Hn). \
         Give this one as many as that one has, or stop that gateway first"
    )]
    TooSmall { open: u64, most: usize },
    #[error("it refuses: {0}")]
    Refused(String),
    #[error("it says something else than what is due")]
    OutOfTurn,
    #[error("this gateway ends itself")]
    Ending,
    #[error("it ends itself, and gives back what it has")]
    Back,
    #[error("process {process} ends itself, and has given back what it had (connections: {connections}){}", but(.broke_off.as_deref()))]
    TakenBack {
        process: u32,
        connections: u64,
        broke_off: Option<Box<Self>>,
    },
    #[error("descriptors have run out")]
    Descriptors,
}

fn but(broke_off: Option<&HandoverError>) -> String {
    broke_off.map_or_else(String::new, |error| format!(", but maybe not all: {error}"))
}

/// Who we are.
fn hello(invocation: &str) -> frame::Frame {
    frame::Frame::Hello(frame::Hello {
        version: frame::VERSION,
        process: std::process::id(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        invocation: invocation.to_owned(),
    })
}

/// Whom we understand.
fn understood(frame: frame::Frame) -> Result<frame::Hello, HandoverError> {
    match frame {
        frame::Frame::Hello(hello) if hello.version == frame::VERSION => Ok(hello),
        frame::Frame::Hello(hello) => Err(HandoverError::Version {
            theirs: hello.build,
            their_version: hello.version,
        }),
        frame::Frame::Refused(why) => Err(HandoverError::Refused(why)),
        _ => Err(HandoverError::OutOfTurn),
    }
}
