//! Lines of several processes, put together by connection.

use std::collections::BTreeMap;

use eastwest_daemon::{ConnectionId, Direction};

use super::ended::{self, EndedFirst};
use super::line::AccessLine;

/// The hops in the order in which a connection comes by them.
pub(super) const WAY: [Direction; 3] = [
    Direction::Outbound,
    Direction::Passthrough,
    Direction::Inbound,
];

/// What a hop is called for people.
pub(super) const fn called(hop: Direction) -> &'static str {
    match hop {
        Direction::Outbound => "calling shim",
        Direction::Passthrough => "gateway",
        Direction::Inbound => "pod's shim",
    }
}

/// What all the logs say of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: Option<ConnectionId>,
    /// One line of each hop at most, in the order of the way.
    pub(super) hops: Vec<AccessLine>,
    /// Hops that it has come by, or may have, and that have no line.
    pub(super) missing: Vec<Direction>,
    /// How many lines of one hop have the same id, where these are several: then nobody can tell which
    /// belong together, and each is shown alone.
    pub(super) same_id: Option<usize>,
    pub(super) ended_first: EndedFirst,
}

impl Connection {
    fn of(mut hops: Vec<AccessLine>, same_id: Option<usize>) -> Self {
        hops.sort_by_key(|line| WAY.iter().position(|hop| *hop == line.hop));
        Self {
            id: hops.first().and_then(|line| line.id),
            missing: missing(&hops),
            ended_first: ended::first(&hops),
            same_id,
            hops,
        }
    }

    /// The line of this hop.
    pub(super) fn hop(&self, hop: Direction) -> Option<&AccessLine> {
        self.hops.iter().find(|line| line.hop == hop)
    }

    /// Whether all hops that it has come by have said how it ended.
    pub(super) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.same_id.is_none()
    }

    /// What was asked for: the alias, where the caller's shim tells.
    pub(super) fn alias(&self) -> Option<&str> {
        self.hop(Direction::Outbound)?.dst_service.as_deref()
    }

    /// The server name that the gateway saw.
    pub(super) fn server_name(&self) -> Option<&str> {
        self.hop(Direction::Passthrough)?.dst_service.as_deref()
    }

    /// The port of the app that was called.
    pub(super) fn port(&self) -> Option<&str> {
        self.hop(Direction::Inbound)?.dst_service.as_deref()
    }

    /// Who called, as the pod's shim has proved it.
    pub(super) fn source(&self) -> Option<&str> {
        self.hops
            .iter()
            .find_map(|line| line.src_identity.as_deref())
    }

    /// Who was called, as the caller's shim has proved it.
    pub(super) fn destination(&self) -> Option<&str> {
        self.hops
            .iter()
            .find_map(|line| line.dst_identity.as_deref())
    }

    /// When the last of the lines was written.
    pub(super) fn time(&self) -> Option<&str> {
        self.hops
            .iter()
            .filter_map(|line| line.time.as_deref())
            .max()
    }
}

/// Puts lines together that have the same id; in the order of time.
pub(super) fn join(lines: Vec<AccessLine>) -> Vec<Connection> {
    let mut by_id: BTreeMap<u64, Vec<AccessLine>> = BTreeMap::new();
    let mut connections = Vec::new();
    for line in lines {
        match line.id {
            Some(ConnectionId(id)) => {
                let known = by_id.entry(id).or_default();
                // Logs that were cut and kept in part, and given as a whole, have lines in common.
                if !known.iter().any(|other| is_same(other, &line)) {
                    known.push(line);
                }
            }
            None => connections.push(Connection::of(vec![line], None)),
        }
    }
    for lines in by_id.into_values() {
        let of = |hop| lines.iter().filter(|line| line.hop == hop).count();
        let most = WAY.into_iter().map(of).max().unwrap_or_default();
        if most > 1 {
            let alone = lines.into_iter();
            connections.extend(alone.map(|line| Connection::of(vec![line], Some(most))));
        } else {
            connections.push(Connection::of(lines, None));
        }
    }
    connections.sort_by(|one, other| one.time().cmp(&other.time()));
    connections
}

/// The time has microseconds, and no two connections of a process one address.
fn is_same(one: &AccessLine, other: &AccessLine) -> bool {
    (one.hop, &one.time, &one.src_addr) == (other.hop, &other.time, &other.src_addr)
        && one.time.is_some()
}

/// The hops without a line that the others tell of.
fn missing(hops: &[AccessLine]) -> Vec<Direction> {
    let line = |hop| hops.iter().find(|line| line.hop == hop);
    let has = |hop| line(hop).is_some();
    // Who has not said anything that a gateway or a shim understands has come from nowhere.
    let named = hops.iter().any(|line| line.id.is_some());
    let dialled = |hop| line(hop).map(|line| line.dst_addr.is_some());
    let reached_pod = match (
        dialled(Direction::Passthrough),
        dialled(Direction::Outbound),
    ) {
        (Some(dialled), _) => dialled,
        // The far end has answered.
        (None, Some(shaken)) => shaken,
        (None, None) => false,
    };
    let expected = |hop| match hop {
        Direction::Outbound | Direction::Passthrough => named,
        Direction::Inbound => reached_pod,
    };
    WAY.into_iter()
        .filter(|hop| expected(*hop) && !has(*hop))
        .collect()
}

#[cfg(test)]
mod tests;
