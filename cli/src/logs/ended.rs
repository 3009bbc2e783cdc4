//! Who ended a connection: what its hops say of each other, followed to where it leads.
//!
//! Reasons, not times: the clocks of two clusters may differ by more than a connection takes to end.

use eastwest_daemon::Direction;

use super::join::{WAY, called};
use super::line::AccessLine;

/// Whom a hop holds to have ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Points {
    /// Nobody: everything was said.
    Nowhere,
    /// Itself: it refused, gave up or was told to.
    Here,
    /// Who connected to it.
    Before,
    /// Who it connected to.
    Beyond,
}

/// Who ended a connection first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndedFirst {
    /// Nobody broke it off.
    Finished,
    /// The app that called.
    Caller,
    /// The app that was called.
    Callee,
    /// This hop, by its own word.
    Hop(Direction),
    /// This hop or what is beyond it: it has no line.
    Silent(Direction),
    /// Something between these two, each of which says that it was the other.
    Between(Direction, Direction),
}

impl EndedFirst {
    /// For people.
    pub(super) fn said(self) -> String {
        match self {
            Self::Finished => "nobody: it finished".to_owned(),
            Self::Caller => "the calling app".to_owned(),
            Self::Callee => "the called app".to_owned(),
            Self::Hop(hop) => format!("the {}", called(hop)),
            Self::Silent(hop) => format!("the {}, or what is behind it (no line)", called(hop)),
            Self::Between(one, other) => {
                format!("between the {} and the {}", called(one), called(other))
            }
        }
    }

    /// For programs.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Hop(_) => "hop",
            Self::Silent(_) => "silent-hop",
            Self::Between(..) => "between",
        }
    }

    /// The hops that it names.
    pub(super) fn hops(self) -> Vec<Direction> {
        match self {
            Self::Finished | Self::Caller | Self::Callee => Vec::new(),
            Self::Hop(hop) | Self::Silent(hop) => vec![hop],
            Self::Between(one, other) => vec![one, other],
        }
    }
}

/// What a reason says of the neighbours of the hop that gives it.
fn points(line: &AccessLine) -> Points {
    let calling = line.hop == Direction::Outbound;
    match line.reason.as_str() {
        "finished" => Points::Nowhere,
        "hello_closed" => Points::Before,
        // A shim that calls has these from a TLS alert; one that is called, or a gateway, sends it.
        "not_exported" | "no_istio_alpn" | "pod_unreachable" | "port_not_served" if calling => {
            Points::Beyond
        }
        "refused_by_peer" | "handshake_closed" if calling => Points::Beyond,
        "refused_by_peer" | "handshake_closed" => Points::Before,
        reason if reason.starts_with("downstream_") => Points::Before,
        reason if reason.starts_with("upstream_") => Points::Beyond,
        _ => Points::Here,
    }
}

/// Who ended it first; `lines` are in the order of the way.
pub(super) fn first(lines: &[AccessLine]) -> EndedFirst {
    let own = lines.iter().filter(|line| points(line) == Points::Here);
    // Of two that were told to end only their clocks know who was first.
    if let Some(own) = own.min_by_key(|line| &line.time) {
        return EndedFirst::Hop(own.hop);
    }
    let pointing = lines.iter().find(|line| points(line) != Points::Nowhere);
    pointing.map_or(EndedFirst::Finished, |line| follow(lines, line))
}

fn follow(lines: &[AccessLine], from: &AccessLine) -> EndedFirst {
    let mut line = from;
    let forward = points(line) == Points::Beyond;
    // No hop points at itself here, and each step leads further the same way.
    for _ in WAY {
        let next = neighbour(line.hop, forward);
        let Some(next) = next else {
            break;
        };
        let Some(there) = lines.iter().find(|line| line.hop == next) else {
            return EndedFirst::Silent(next);
        };
        let on = match points(there) {
            Points::Beyond => forward,
            Points::Before => !forward,
            Points::Nowhere | Points::Here => false,
        };
        if !on {
            let (one, other) = if forward {
                (line, there)
            } else {
                (there, line)
            };
            return EndedFirst::Between(one.hop, other.hop);
        }
        line = there;
    }
    if forward {
        EndedFirst::Callee
    } else {
        EndedFirst::Caller
    }
}

fn neighbour(hop: Direction, forward: bool) -> Option<Direction> {
    let at = WAY.iter().position(|other| *other == hop)?;
    let at = if forward { at + 1 } else { at.checked_sub(1)? };
    WAY.get(at).copied()
}
