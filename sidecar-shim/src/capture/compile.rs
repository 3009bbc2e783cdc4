//! A rule as the kernel's expressions, and expressions read back as a rule.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::expression::{Expression, Header, MetaKey};
use super::rule::{Action, Condition, Rule, Transport};

const NFPROTO_IPV4: u8 = 2;
const NFPROTO_IPV6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
/// `IP_CT_DIR_REPLY`.
const DIRECTION_REPLY: u8 = 1;
/// Destination address in the IPv4 header (RFC 791 section 3.1).
const DESTINATION_V4: Expression = Expression::Payload {
    header: Header::Network,
    offset: 16,
    length: 4,
};
/// Destination address in the IPv6 header (RFC 8200 section 3).
const DESTINATION_V6: Expression = Expression::Payload {
    header: Header::Network,
    offset: 24,
    length: 16,
};
/// Destination port in the headers of TCP and UDP (RFC 9293 section 3.1, RFC 768).
const DESTINATION_PORT: Expression = Expression::Payload {
    header: Header::Transport,
    offset: 2,
    length: 2,
};

/// The expressions of `rule`, in order.
pub(super) fn compile(rule: &Rule) -> Vec<Expression> {
    let mut expressions: Vec<Expression> = rule.conditions.iter().flat_map(condition).collect();
    match rule.action {
        Action::Return => expressions.push(Expression::Return),
        Action::Redirect(port) => {
            expressions.push(Expression::Immediate(port.get().to_be_bytes().to_vec()));
            expressions.push(Expression::Redirect);
        }
        Action::Reject(rejection) => expressions.push(Expression::Reject(rejection)),
    }
    expressions
}

fn condition(condition: &Condition) -> Vec<Expression> {
    match condition {
        Condition::Destination(IpNet::V4(range)) => vec![
            Expression::Meta(MetaKey::Family),
            Expression::Equal(vec![NFPROTO_IPV4]),
            DESTINATION_V4,
            Expression::And(range.netmask().octets().to_vec()),
            Expression::Equal(range.network().octets().to_vec()),
        ],
        Condition::Destination(IpNet::V6(range)) => vec![
            Expression::Meta(MetaKey::Family),
            Expression::Equal(vec![NFPROTO_IPV6]),
            DESTINATION_V6,
            Expression::And(range.netmask().octets().to_vec()),
            Expression::Equal(range.network().octets().to_vec()),
        ],
        Condition::SocketUid(uid) => vec![
            Expression::Meta(MetaKey::SocketUid),
            Expression::Equal(uid.to_ne_bytes().to_vec()),
        ],
        Condition::Tcp => {
            vec![
                Expression::Meta(MetaKey::Transport),
                Expression::Equal(vec![IPPROTO_TCP]),
            ]
        }
        Condition::DestinationPort(transport, port) => vec![
            Expression::Meta(MetaKey::Transport),
            Expression::Equal(vec![match transport {
                Transport::Tcp => IPPROTO_TCP,
                Transport::Udp => IPPROTO_UDP,
            }]),
            DESTINATION_PORT,
            Expression::Equal(port.get().to_be_bytes().to_vec()),
        ],
        Condition::Reply => {
            vec![
                Expression::ConntrackDirection,
                Expression::Equal(vec![DIRECTION_REPLY]),
            ]
        }
    }
}

/// The rule that these expressions mean, if it is of a shape that [`compile`] gives.
pub(super) fn decompile(mut expressions: &[Expression]) -> Option<Rule> {
    let mut conditions = Vec::new();
    while let Some((condition, rest)) = leading_condition(expressions) {
        conditions.push(condition);
        expressions = rest;
    }
    let action = match expressions {
        [Expression::Return] => Action::Return,
        [Expression::Immediate(port), Expression::Redirect] => {
            let port = u16::from_be_bytes(port.as_slice().try_into().ok()?);
            Action::Redirect(NonZeroU16::new(port)?)
        }
        [Expression::Reject(rejection)] => Action::Reject(*rejection),
        _ => return None,
    };
    Some(Rule { conditions, action })
}

fn leading_condition(expressions: &[Expression]) -> Option<(Condition, &[Expression])> {
    let [load, Expression::Equal(value), rest @ ..] = expressions else {
        return None;
    };
    match (load, value.as_slice()) {
        (Expression::Meta(MetaKey::Family), [family]) => {
            let [
                payload,
                Expression::And(mask),
                Expression::Equal(network),
                rest @ ..,
            ] = rest
            else {
                return None;
            };
            let range = match *family {
                NFPROTO_IPV4 if *payload == DESTINATION_V4 => range_v4(network, mask)?,
                NFPROTO_IPV6 if *payload == DESTINATION_V6 => range_v6(network, mask)?,
                _ => return None,
            };
            Some((Condition::Destination(range), rest))
        }
        (Expression::Meta(MetaKey::SocketUid), uid) => Some((
            Condition::SocketUid(u32::from_ne_bytes(uid.try_into().ok()?)),
            rest,
        )),
        (Expression::Meta(MetaKey::Transport), [protocol])
            if rest.first() == Some(&DESTINATION_PORT) =>
        {
            let [_, Expression::Equal(port), rest @ ..] = rest else {
                return None;
            };
            let transport = match *protocol {
                IPPROTO_TCP => Transport::Tcp,
                IPPROTO_UDP => Transport::Udp,
                _ => return None,
            };
            let port = u16::from_be_bytes(port.as_slice().try_into().ok()?);
            Some((
                Condition::DestinationPort(transport, NonZeroU16::new(port)?),
                rest,
            ))
        }
        (Expression::Meta(MetaKey::Transport), [IPPROTO_TCP]) => Some((Condition::Tcp, rest)),
        (Expression::ConntrackDirection, [DIRECTION_REPLY]) => Some((Condition::Reply, rest)),
        _ => None,
    }
}

fn range_v4(network: &[u8], mask: &[u8]) -> Option<IpNet> {
    let address = |bytes: &[u8]| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?));
    Ipv4Net::with_netmask(address(network)?, address(mask)?)
        .ok()
        .map(IpNet::V4)
}

fn range_v6(network: &[u8], mask: &[u8]) -> Option<IpNet> {
    let address = |bytes: &[u8]| Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?));
    Ipv6Net::with_netmask(address(network)?, address(mask)?)
        .ok()
        .map(IpNet::V6)
}

#[cfg(test)]
mod tests;
