//! One rule: what it looks at, and what it then does. `Display` is nft's own notation.

use std::fmt;
use std::num::NonZeroU16;

use ipnet::IpNet;

/// A rule of one of the two chains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// All must hold, in this order.
    pub conditions: Vec<Condition>,
    /// What happens to a packet for which they do.
    pub action: Action,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The packet goes to an address of this range.
    Destination(IpNet),
    /// The socket was opened by this uid, as numbered in the user namespace that owns the network.
    SocketUid(u32),
    /// The packet is TCP.
    Tcp,
    /// The packet goes to this port of this protocol.
    DestinationPort(Transport, NonZeroU16),
    /// The packet answers one that came the other way.
    Reply,
}

/// A protocol that has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Leave the chain; its policy decides.
    Return,
    /// Send to this port of the loopback address instead (127.0.0.1 or ::1).
    Redirect(NonZeroU16),
    /// Drop, and tell the sender.
    Reject(Rejection),
}

/// What the sender of a rejected packet is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// TCP RST: `connect` ends with ECONNREFUSED at once, over IPv4 and IPv6 alike. (An ICMP
    /// error would give EHOSTUNREACH over the one and EACCES over the other.)
    TcpReset,
    /// ICMP port unreachable: ECONNREFUSED on a connected UDP socket.
    PortUnreachable,
}

impl Rejection {
    /// `NFTA_REJECT_TYPE` and `NFTA_REJECT_ICMP_CODE`.
    pub(super) fn numbers(self) -> (u32, u8) {
        match self {
            Self::TcpReset => (1, 0),
            Self::PortUnreachable => (2, 1),
        }
    }

    pub(super) fn from_numbers(kind: u32, code: u8) -> Option<Self> {
        [Self::TcpReset, Self::PortUnreachable]
            .into_iter()
            .find(|r| r.numbers() == (kind, code))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for condition in &self.conditions {
            write!(f, "{condition} ")?;
        }
        self.action.fmt(f)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(range @ IpNet::V4(_)) => write!(f, "ip daddr {range}"),
            Self::Destination(range @ IpNet::V6(_)) => write!(f, "ip6 daddr {range}"),
            Self::SocketUid(uid) => write!(f, "meta skuid {uid}"),
            Self::Tcp => f.write_str("meta l4proto tcp"),
            Self::DestinationPort(transport, port) => write!(f, "{transport} dport {port}"),
            Self::Reply => f.write_str("ct direction reply"),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Return => f.write_str("return"),
            Self::Redirect(port) => write!(f, "redirect to :{port}"),
            Self::Reject(Rejection::TcpReset) => f.write_str("reject with tcp reset"),
            Self::Reject(Rejection::PortUnreachable) => {
                f.write_str("reject with icmpx port-unreachable")
            }
        }
    }
}
