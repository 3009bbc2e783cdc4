//! When what happened to one connection, as `/history.json` shows it.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::steps::Step;
use super::{ConnectionId, Direction, Entry};
use crate::status::Moment;

/// Bytes of a name that are kept, at most. Server names are shorter; a SPIFFE ID may have 2,048.
const LONGEST_NAME: usize = 255;

/// One connection, ended or not.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    /// Its number; a process that goes on with it keeps it.
    pub id: u64,
    /// What the processes before and after this one call it, too, once its ClientHello is known.
    pub connection_id: Option<ConnectionId>,
    /// Which way it goes.
    pub direction: Direction,
    /// The address that connected.
    pub peer: SocketAddr,
    /// The address that was dialled, once it was.
    pub upstream: Option<SocketAddr>,
    /// The far end's proven SPIFFE ID, where TLS ends here.
    pub identity: Option<Arc<str>>,
    /// The route's whole name, with its port; or the name that it asked for, where that is no route.
    pub route: Option<Arc<str>>,
    /// When it was accepted, by the host's clock as it is at the end, or now.
    pub opened: Moment,
    /// When it ended; none while it lives.
    pub ended: Option<Moment>,
    /// The code from the closed list of reasons; none while it lives.
    pub reason: Option<&'static str>,
    /// Bytes from the accepted side to the dialled one.
    pub bytes_to_upstream: u64,
    /// Bytes from the dialled side to the accepted one.
    pub bytes_to_peer: u64,
    /// What happened how long after the accept.
    pub milliseconds: Milliseconds,
}

/// What happened how long after the accept; none where it did not happen, is not done by this process, or
/// happened in another one, which had the connection before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Milliseconds {
    /// The name of whom it goes to had been looked up. None where the addresses were given, or remembered.
    pub dns: Option<Millis>,
    /// TCP to there had connected: to the gateway, the pod or the app.
    pub connect: Option<Millis>,
    /// The ClientHello had been sent (`outbound`), or had come.
    pub hello: Option<Millis>,
    /// The TLS handshake was complete. Never at a gateway.
    pub handshake: Option<Millis>,
    /// The first byte had gone to the dialled side; at a gateway it is the ClientHello's.
    pub first_byte_to_upstream: Option<Millis>,
    /// The first byte had gone to the accepted side.
    pub first_byte_to_peer: Option<Millis>,
    /// The last byte had gone, either way. Never too early for one that has ended, and late by less than a
    /// seventh of the time after which a peer that vanished is noticed: 2 s, unless `--keepalive` and
    /// `--keepalive-interval` say else. Of one that lives, what was known at the last look, not longer ago
    /// than that.
    pub last_byte: Option<Millis>,
    /// It had ended.
    pub end: Option<Millis>,
}

/// A time in microseconds that is written in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(NonZeroU64);

impl From<Duration> for Millis {
    /// At once is a microsecond.
    fn from(time: Duration) -> Self {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self(NonZeroU64::new(micros).unwrap_or(NonZeroU64::MIN))
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0.get() as f64 / 1e3)
    }
}

impl Timeline {
    /// What the newest is by: the last that is known to have happened to it as a whole.
    pub(super) fn newest(&self) -> (Moment, u64) {
        (self.ended.unwrap_or(self.opened), self.id)
    }
}

impl Entry {
    /// As it is now; with a reason, now is its end.
    pub(super) fn timeline(&self, reason: Option<&'static str>) -> Timeline {
        let (now, clock) = (Instant::now(), SystemTime::now());
        let age = now.saturating_duration_since(self.steps.opened());
        let load = |at: usize| self.bytes[at].load(Ordering::Relaxed);
        let begun = load(2);
        let moment = |at| match load(at) {
            0 => None,
            moment => Some(Duration::from_nanos(moment.wrapping_sub(begun))),
        };
        let last = moment(5);
        // Bytes and steps are counted from two looks at the clock that follow each other.
        let end = reason.map(|_| last.map_or(age, |last| last.max(age)));
        let step = |step| self.steps.taken(step).map(Millis::from);
        Timeline {
            id: self.id,
            connection_id: self.connection_id.get().copied(),
            direction: self.direction,
            peer: self.peer,
            upstream: self.upstream.get().copied(),
            identity: self.identity.get().map(short),
            route: self.route.get().map(|route| short(route.name())),
            opened: Moment(clock.checked_sub(age).unwrap_or(clock)),
            ended: reason.map(|_| Moment(clock)),
            reason,
            bytes_to_upstream: load(0),
            bytes_to_peer: load(1),
            milliseconds: Milliseconds {
                dns: step(Step::Dns),
                connect: step(Step::Connect),
                hello: step(Step::Hello),
                handshake: step(Step::Handshake),
                first_byte_to_upstream: moment(3).map(Millis::from),
                first_byte_to_peer: moment(4).map(Millis::from),
                last_byte: last.map(Millis::from),
                end: end.map(Millis::from),
            },
        }
    }
}

/// The same name, shared; cut off where it is long.
fn short(name: &Arc<str>) -> Arc<str> {
    if name.len() <= LONGEST_NAME {
        return Arc::clone(name);
    }
    let room = LONGEST_NAME - '…'.len_utf8();
    let kept = (0..=room).rev().find_map(|end| name.get(..end));
    format!("{}…", kept.unwrap_or_default()).into()
}

#[cfg(test)]
mod tests;
