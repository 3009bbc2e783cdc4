//! The rules that mode `redirect` and the capture of DNS want: one table, two chains. Pure values; nothing is sent here.

use std::fmt;
use std::num::NonZeroU16;

use super::range::VirtualRange;
use super::rule::{Action, Condition, Rejection, Rule, Transport};

/// Name of the table, of family `inet`. Whatever is in it belongs to this project.
pub const TABLE: &str = "eastwest";

/// All rules of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    /// In the order in which a packet meets them.
    pub chains: Vec<Chain>,
}

/// A chain attached to the network stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name in the table. No keyword of nft's, or nobody could list the chain.
    pub name: String,
    /// Where packets enter it.
    pub attachment: Attachment,
    /// In order.
    pub rules: Vec<Rule>,
}

/// Where and when packets enter a chain, and what becomes of those that no rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `nat` or `filter` in ours; the kernel knows `route` too.
    pub chain_type: String,
    /// Point in the network stack.
    pub hook: Hook,
    /// Lower runs earlier; NAT of the destination is -100, filters are 0.
    pub priority: i32,
    /// Whether undecided packets pass.
    pub accept: bool,
}

/// A point in the network stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Packets that this network namespace sends.
    Output,
    /// Another one, by `enum nf_inet_hooks`.
    Other(u32),
}

/// The port of DNS (RFC 1035 section 4.2).
const DNS: NonZeroU16 = NonZeroU16::MIN.saturating_add(52);

/// The uid of the shim, as rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShimUid {
    /// The shim has a uid of its own: what it sends to a virtual IP is refused, not looped.
    Own(u32),
    /// The shim shares its uid with the app (a user namespace with one uid): no such rule.
    Shared,
}

impl Ruleset {
    /// Rules that send TCP to `ranges` to the shim's `outbound_port` on loopback, and refuse
    /// whatever is addressed to them nonetheless.
    ///
    /// No rule is about the shim's own way out: it dials gateways, never a virtual IP.
    pub fn new(ranges: &[VirtualRange], outbound_port: NonZeroU16, shim: ShimUid) -> Self {
        Self::with_dns(ranges, outbound_port, shim, None)
    }

    /// The same, and with a `resolver` port all questions to any name server come to that port on
    /// loopback, but those of the shim's own uid: its look-ups, and what the resolver passes on.
    pub fn with_dns(
        ranges: &[VirtualRange],
        outbound_port: NonZeroU16,
        shim: ShimUid,
        resolver: Option<NonZeroU16>,
    ) -> Self {
        let to = |range: &VirtualRange| Condition::Destination(range.network());

        let own = match shim {
            ShimUid::Own(uid) => Some(Rule {
                conditions: vec![Condition::SocketUid(uid)],
                action: Action::Return,
            }),
            ShimUid::Shared => None,
        };
        let redirects = ranges.iter().map(|range| Rule {
            conditions: vec![to(range), Condition::Tcp],
            action: Action::Redirect(outbound_port),
        });

        let questions = resolver.into_iter().flat_map(|resolver| {
            [Transport::Udp, Transport::Tcp].map(|transport| Rule {
                conditions: vec![Condition::DestinationPort(transport, DNS)],
                action: Action::Redirect(resolver),
            })
        });

        // Answers to a connection that came from a virtual IP (possible only where somebody has
        // made one local) are let by. Everything else is refused, also what conntrack does not
        // know, so that no state of its tables lets a packet out.
        let replies = Rule {
            conditions: vec![Condition::Reply],
            action: Action::Return,
        };
        let refusals = ranges.iter().flat_map(|range| {
            [
                Rule {
                    conditions: vec![to(range), Condition::Tcp],
                    action: Action::Reject(Rejection::TcpReset),
                },
                Rule {
                    conditions: vec![to(range)],
                    action: Action::Reject(Rejection::PortUnreachable),
                },
            ]
        });

        Self {
            chains: vec![
                Chain {
                    name: "capture".to_owned(),
                    attachment: Attachment::output("nat", -100),
                    rules: own.into_iter().chain(redirects).chain(questions).collect(),
                },
                Chain {
                    name: "guard".to_owned(),
                    attachment: Attachment::output("filter", 0),
                    rules: std::iter::once(replies).chain(refusals).collect(),
                },
            ],
        }
    }
}

impl Attachment {
    fn output(chain_type: &str, priority: i32) -> Self {
        Self {
            chain_type: chain_type.to_owned(),
            hook: Hook::Output,
            priority,
            accept: true,
        }
    }
}

impl Hook {
    /// `NF_INET_LOCAL_OUT` is 3.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Output => 3,
            Self::Other(number) => number,
        }
    }

    pub(super) fn from_number(number: u32) -> Self {
        if number == Self::Output.number() {
            Self::Output
        } else {
            Self::Other(number)
        }
    }
}

/// As a file that `nft -f` takes.
impl fmt::Display for Ruleset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table inet {TABLE} {{")?;
        for (index, chain) in self.chains.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "\tchain {} {{\n\t\t{}", chain.name, chain.attachment)?;
            for rule in &chain.rules {
                writeln!(f, "\t\t{rule}")?;
            }
            writeln!(f, "\t}}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chain_type,
            hook,
            priority,
            accept,
        } = self;
        let policy = if *accept { "accept" } else { "drop" };
        write!(
            f,
            "type {chain_type} hook {hook} priority {priority}; policy {policy};"
        )
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output => f.write_str("output"),
            Self::Other(number) => write!(f, "number {number}"),
        }
    }
}
