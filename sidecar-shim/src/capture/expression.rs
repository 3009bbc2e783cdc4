//! nf_tables expressions, the kernel's instructions of a rule, as attributes and back.
//!
//! Every expression here works on register 1; one that does not, or that has an operand which
//! eastwest never writes, reads back as [`Expression::Other`].
//! Numbers: `include/uapi/linux/netfilter/nf_tables.h`.

use super::attribute::{Attributes, Parsed};
use super::rule::Rejection;

const REG_VERDICT: u32 = 0;
const REG_1: u32 = 1;
/// `NFT_RETURN` is -5.
const VERDICT_RETURN: u32 = (-5i32).cast_unsigned();
const CMP_EQ: u32 = 0;
const CT_DIRECTION: u32 = 1;
/// `NF_NAT_RANGE_PROTO_SPECIFIED`, which the kernel adds by itself to a redirect with a port.
const PORT_SPECIFIED: u32 = 2;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const LIST_ELEMENT: u16 = 1;

/// What `meta` loads, with the kernel's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum MetaKey {
    /// Effective uid that opened the socket, host byte order.
    SocketUid = 10,
    /// Address family of the packet, one byte.
    Family = 15,
    /// Transport protocol, one byte.
    Transport = 16,
}

/// Which header `payload` loads from, with the kernel's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Header {
    Network = 1,
    Transport = 2,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Meta(MetaKey),
    /// Direction of the packet in its connection, one byte.
    ConntrackDirection,
    /// Part of a header.
    Payload {
        header: Header,
        offset: u32,
        length: u32,
    },
    And(Vec<u8>),
    Equal(Vec<u8>),
    Immediate(Vec<u8>),
    Return,
    /// To the port loaded before.
    Redirect,
    Reject(Rejection),
    /// Not one of ours: its name.
    Other(String),
}

impl Expression {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Meta(_) => "meta",
            Self::ConntrackDirection => "ct",
            Self::Payload { .. } => "payload",
            Self::And(_) => "bitwise",
            Self::Equal(_) => "cmp",
            Self::Immediate(_) | Self::Return => "immediate",
            Self::Redirect => "redir",
            Self::Reject(_) => "reject",
            Self::Other(name) => name,
        }
    }

    fn operands(&self) -> Attributes {
        let data = |value: &[u8]| Attributes::new().bytes(DATA_VALUE, value);
        let operands = Attributes::new();
        match self {
            Self::Meta(key) => operands.be32(2, *key as u32).be32(1, REG_1),
            Self::ConntrackDirection => operands.be32(2, CT_DIRECTION).be32(1, REG_1),
            Self::Payload {
                header,
                offset,
                length,
            } => operands
                .be32(1, REG_1)
                .be32(2, *header as u32)
                .be32(3, *offset)
                .be32(4, *length),
            Self::And(mask) => operands
                .be32(1, REG_1)
                .be32(2, REG_1)
                .be32(3, u32::try_from(mask.len()).unwrap_or(u32::MAX))
                .nested(4, &data(mask))
                .nested(5, &data(&vec![0; mask.len()])),
            Self::Equal(value) => operands
                .be32(1, REG_1)
                .be32(2, CMP_EQ)
                .nested(3, &data(value)),
            Self::Immediate(value) => operands.be32(1, REG_1).nested(2, &data(value)),
            Self::Return => {
                let verdict = Attributes::new().be32(1, VERDICT_RETURN);
                let data = Attributes::new().nested(DATA_VERDICT, &verdict);
                operands.be32(1, REG_VERDICT).nested(2, &data)
            }
            Self::Redirect => operands.be32(1, REG_1),
            Self::Reject(rejection) => {
                let (kind, code) = rejection.numbers();
                operands.be32(1, kind).bytes(2, &[code])
            }
            Self::Other(_) => operands,
        }
    }

    fn decode(name: &str, operands: &Parsed<'_>) -> Option<Self> {
        let register = |kind| (operands.be32(kind)? == REG_1).then_some(());
        let data = |kind| Some(operands.nested(kind)?.bytes(DATA_VALUE)?.to_vec());
        match name {
            "meta" => {
                register(1)?;
                [MetaKey::SocketUid, MetaKey::Family, MetaKey::Transport]
                    .into_iter()
                    .find(|key| operands.be32(2) == Some(*key as u32))
                    .map(Self::Meta)
            }
            "ct" => {
                register(1)?;
                (operands.be32(2)? == CT_DIRECTION).then_some(Self::ConntrackDirection)
            }
            "payload" => {
                register(1)?;
                let header = [Header::Network, Header::Transport]
                    .into_iter()
                    .find(|header| operands.be32(2) == Some(*header as u32))?;
                Some(Self::Payload {
                    header,
                    offset: operands.be32(3)?,
                    length: operands.be32(4)?,
                })
            }
            "bitwise" => {
                register(1)?;
                register(2)?;
                // Operation 0 is mask-and-xor, the only one of old kernels, which name none.
                let plain = operands.be32(6).unwrap_or(0) == 0 && data(5)?.iter().all(|b| *b == 0);
                plain.then_some(Self::And(data(4)?))
            }
            "cmp" => {
                register(1)?;
                (operands.be32(2)? == CMP_EQ).then_some(Self::Equal(data(3)?))
            }
            "immediate" if operands.be32(1)? == REG_VERDICT => {
                let code = operands.nested(2)?.nested(DATA_VERDICT)?.be32(1)?;
                (code == VERDICT_RETURN).then_some(Self::Return)
            }
            "immediate" => {
                register(1)?;
                Some(Self::Immediate(data(2)?))
            }
            "redir" => {
                register(1)?;
                let one_port = operands.be32(2).is_none_or(|last| last == REG_1);
                let plain = operands.be32(3).unwrap_or(0) & !PORT_SPECIFIED == 0;
                (one_port && plain).then_some(Self::Redirect)
            }
            "reject" => {
                let code = operands
                    .bytes(2)
                    .and_then(|c| c.first())
                    .copied()
                    .unwrap_or(0);
                Rejection::from_numbers(operands.be32(1)?, code).map(Self::Reject)
            }
            _ => None,
        }
    }
}

/// A rule's expressions as the value of `NFTA_RULE_EXPRESSIONS`.
pub(super) fn encode(expressions: &[Expression]) -> Attributes {
    expressions
        .iter()
        .fold(Attributes::new(), |list, expression| {
            let element = Attributes::new()
                .string(1, expression.name())
                .nested(2, &expression.operands());
            list.nested(LIST_ELEMENT, &element)
        })
}

/// The way back; what eastwest never writes becomes [`Expression::Other`].
pub(super) fn decode(list: &Parsed<'_>) -> Vec<Expression> {
    list.values()
        .map(|element| {
            let element = Parsed::parse(element).ok();
            let name = element
                .as_ref()
                .and_then(|e| e.string(1))
                .unwrap_or("unreadable");
            element
                .as_ref()
                .and_then(|e| e.nested(2))
                .and_then(|operands| Expression::decode(name, &operands))
                .unwrap_or_else(|| Expression::Other(name.to_owned()))
        })
        .collect()
}
