//! What a plain question is: one of class IN, spelled out, with the operation QUERY, no flag but RD,
//! AD and CD, and behind it nothing, or one OPT record of version 0 that asks for nothing else than
//! DNSSEC. To be strict costs nothing but time.

use crate::wire::{HEADER, Question, flag};

/// The class Internet.
const IN: u16 = 1;

/// What a plain question says.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainQuestion<'m> {
    pub(super) id: [u8; 2],
    /// RD and CD: what an answer repeats.
    pub(super) repeated: u16,
    pub(super) question: Question<'m>,
    pub(super) edns: Option<PlainEdns>,
}

/// The client reads OPT records, and is sent one.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainEdns {
    pub(super) dnssec_ok: bool,
}

impl<'m> PlainQuestion<'m> {
    /// `None` for all that is not plain.
    pub(super) fn read(message: &'m [u8]) -> Option<Self> {
        let header = message.first_chunk::<HEADER>()?;
        let [id0, id1, flags0, flags1, 0, 1, 0, 0, 0, 0, 0, additionals] = *header else {
            return None;
        };
        let flags = u16::from_be_bytes([flags0, flags1]);
        if flags & !(flag::RD | flag::AD | flag::CD) != 0 {
            return None;
        }
        let question = Question::read(message)?;
        let edns = match (additionals, message.get(question.end()..)?) {
            (0, []) => None,
            (1, record) => Some(PlainEdns::read(record)?),
            _ => return None,
        };
        (question.class() == IN).then_some(Self {
            id: [id0, id1],
            repeated: flags & (flag::RD | flag::CD),
            question,
            edns,
        })
    }
}

impl PlainEdns {
    /// How much the client can take is passed over: a plain answer fits anywhere.
    fn read(record: &[u8]) -> Option<Self> {
        let (opt, options) = record.split_first_chunk()?;
        let [
            0,
            0,
            41,
            _,
            _,
            0,
            0,
            flags @ (0 | 0x80),
            0,
            length0,
            length1,
        ] = *opt
        else {
            return None;
        };
        let whole = usize::from(u16::from_be_bytes([length0, length1])) == options.len();
        (whole && are_passed_over(options)).then_some(Self {
            dnssec_ok: flags != 0,
        })
    }
}

/// Whether these are well-formed options, none of which hickory looks into.
fn are_passed_over(mut options: &[u8]) -> bool {
    // NSID, the algorithms of RFC 6975, the client's subnet: it may find fault with what they say.
    const LOOKED_INTO: [u16; 5] = [3, 5, 6, 7, 8];
    while let Some((&[code0, code1, length0, length1], rest)) = options.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([length0, length1]));
        match rest.split_at_checked(length) {
            Some((_, rest)) if !LOOKED_INTO.contains(&u16::from_be_bytes([code0, code1])) => {
                options = rest;
            }
            _ => return false,
        }
    }
    options.is_empty()
}
