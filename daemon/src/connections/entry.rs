//! One row of the table as it is shown.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::Entry;

/// Which way a connection goes, seen from the process that serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From an app to a gateway: the client side's shim.
    Outbound,
    /// From the far side to an app: the server side's shim.
    Inbound,
    /// TLS passed on unopened: the gateway.
    Passthrough,
}

impl Direction {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Outbound, Self::Inbound, Self::Passthrough];

    /// As in logs, labels and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Passthrough => "passthrough",
        }
    }
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ConnectionState {
    /// Accepted; nothing is known but the peer's address.
    Accepted,
    /// Waiting for the ClientHello or in the TLS handshake.
    Handshake,
    /// Resolving and dialling.
    Dialling,
    /// Bytes pass.
    Relaying,
    /// One side has finished sending, the other has not.
    HalfClosed,
}

impl ConnectionState {
    fn from_u8(value: u8) -> Self {
        match value {
            1 => Self::Handshake,
            2 => Self::Dialling,
            3 => Self::Relaying,
            4 => Self::HalfClosed,
            _ => Self::Accepted,
        }
    }
}

/// What a connection is called by every process on its way, in 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A connection as `/connections` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionRecord {
    /// Its number; a process that goes on with it keeps it.
    pub id: u64,
    /// What the processes before and after this one call it, too, once its ClientHello is known.
    pub connection_id: Option<ConnectionId>,
    /// Which way it goes.
    pub direction: Direction,
    /// How far it has come.
    pub state: ConnectionState,
    /// The address that connected.
    pub peer: SocketAddr,
    /// The address that was dialled, once it was.
    pub upstream: Option<SocketAddr>,
    /// The far end's proven SPIFFE ID, where TLS ends here.
    pub identity: Option<Arc<str>>,
    /// The alias or SNI it was routed by.
    pub route: Option<Arc<str>>,
    /// The route's whole name, with its port.
    #[serde(skip)]
    pub route_name: Option<Arc<str>>,
    /// Bytes from the accepted side to the dialled one.
    pub bytes_to_upstream: u64,
    /// Bytes from the dialled side to the accepted one.
    pub bytes_to_peer: u64,
    /// Since it was accepted, in seconds.
    pub age_seconds: f64,
}

impl Entry {
    pub(super) fn record(&self, now: Instant) -> ConnectionRecord {
        let [to_upstream, to_peer, ..] = &*self.bytes;
        ConnectionRecord {
            id: self.id,
            connection_id: self.connection_id.get().copied(),
            direction: self.direction,
            state: ConnectionState::from_u8(self.state.load(Ordering::Relaxed)),
            peer: self.peer,
            upstream: self.upstream.get().copied(),
            identity: self.identity.get().cloned(),
            route: self.label.get().cloned(),
            route_name: self.route.get().map(|route| Arc::clone(route.name())),
            bytes_to_upstream: to_upstream.load(Ordering::Relaxed),
            bytes_to_peer: to_peer.load(Ordering::Relaxed),
            age_seconds: now
                .saturating_duration_since(self.steps.opened())
                .as_secs_f64(),
        }
    }
}
