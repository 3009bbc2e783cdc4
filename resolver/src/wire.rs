//! The few fields of a DNS message that forwarding reads or changes, in place.
//!
//! Forwarded messages are never decoded and encoded again: whatever is in them goes through as it
//! is. Layout: RFC 1035 section 4.1.

#[cfg(test)]
mod tests;

/// Octets of the header.
pub(crate) const HEADER: usize = 12;

/// The largest message that a length-prefixed transport carries (RFC 1035 section 4.2.2).
pub(crate) const MAX_MESSAGE: usize = 65_535;

/// What a UDP client can take that says nothing else (RFC 1035 section 4.2.1).
pub(crate) const PLAIN_UDP: usize = 512;

/// The UDP payload that we announce: passes any path unfragmented (DNS flag day 2020).
pub(crate) const OUR_UDP_PAYLOAD: u16 = 1232;

/// The second 16 bits of the header (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6).
pub(crate) mod flag {
    /// A response.
    pub(crate) const QR: u16 = 0x8000;
    pub(crate) const OPCODE: u16 = 0x7800;
    pub(crate) const AA: u16 = 0x0400;
    pub(crate) const TC: u16 = 0x0200;
    pub(crate) const RD: u16 = 0x0100;
    pub(crate) const RA: u16 = 0x0080;
    pub(crate) const AD: u16 = 0x0020;
    pub(crate) const CD: u16 = 0x0010;
}

/// What a response copies of its question (RFC 6895 section 2).
const COPIED: u16 = flag::OPCODE | flag::RD | flag::CD;

/// Response codes that the forwarder looks at (RFC 1035 section 4.1.1).
pub(crate) mod rcode {
    pub(crate) const NO_ERROR: u8 = 0;
    pub(crate) const FORMAT_ERROR: u8 = 1;
    pub(crate) const SERVER_FAILURE: u8 = 2;
    pub(crate) const NAME_ERROR: u8 = 3;
    pub(crate) const NOT_IMPLEMENTED: u8 = 4;
    pub(crate) const REFUSED: u8 = 5;
}

/// The header, as far as it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: u16,
    flags: u16,
    pub(crate) questions: u16,
}

impl Header {
    /// `None` if there are fewer than twelve octets.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let header = message.first_chunk::<HEADER>()?;
        let [id0, id1, flags0, flags1, questions0, questions1, ..] = *header;
        Some(Self {
            id: u16::from_be_bytes([id0, id1]),
            flags: u16::from_be_bytes([flags0, flags1]),
            questions: u16::from_be_bytes([questions0, questions1]),
        })
    }

    pub(crate) fn is_response(self) -> bool {
        self.flags & flag::QR != 0
    }

    /// Zero is QUERY.
    pub(crate) fn opcode(self) -> u8 {
        (self.flags >> 11) as u8 & 0x0f
    }

    pub(crate) fn rcode(self) -> u8 {
        self.flags as u8 & 0x0f
    }
}

/// Puts another ID in place; a message shorter than that stays as it is.
pub(crate) fn set_id(message: &mut [u8], id: u16) {
    if let Some(place) = message.first_chunk_mut() {
        *place = id.to_be_bytes();
    }
}

/// The name, type and class of the first question, as they were sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'m> {
    /// In wire form, with the root's zero octet.
    pub(crate) name: &'m [u8],
    pub(crate) kind_and_class: &'m [u8; 4],
}

impl<'m> Question<'m> {
    /// `None` if there is no whole question right after the header, or the header counts none, or its
    /// name is compressed (there is nothing in front of it that it could point to).
    pub(crate) fn read(message: &'m [u8]) -> Option<Self> {
        if Header::read(message)?.questions == 0 {
            return None;
        }
        let body = message.get(HEADER..)?;
        let mut length = 0_usize;
        loop {
            match usize::from(*body.get(length)?) {
                0 => break,
                label @ 1..=63 => length += label + 1,
                _ => return None,
            }
        }
        let (name, rest) = body.split_at_checked(length + 1)?;
        Some(Self {
            name,
            kind_and_class: rest.first_chunk()?,
        })
    }

    /// Equal but for the case of the name: some servers answer in lower case.
    pub(crate) fn matches(self, other: Self) -> bool {
        self.kind_and_class == other.kind_and_class && self.name.eq_ignore_ascii_case(other.name)
    }

    pub(crate) fn kind(self) -> u16 {
        let [high, low, ..] = *self.kind_and_class;
        u16::from_be_bytes([high, low])
    }

    pub(crate) fn class(self) -> u16 {
        let [.., high, low] = *self.kind_and_class;
        u16::from_be_bytes([high, low])
    }

    /// Octets up to the end of the question, header included.
    pub(crate) fn end(self) -> usize {
        HEADER + self.name.len() + self.kind_and_class.len()
    }
}

/// What a client said about itself in its OPT record (RFC 6891).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientEdns {
    /// The largest UDP message that it can take.
    pub(crate) payload: u16,
    /// It wants DNSSEC records; echoed in our own OPT (RFC 3225 section 3).
    pub(crate) dnssec_ok: bool,
}

/// Our OPT record, in an answer that is not made by hickory.
pub(crate) fn our_opt(dnssec_ok: bool) -> [u8; 11] {
    let [payload0, payload1] = OUR_UDP_PAYLOAD.to_be_bytes();
    let dnssec_ok = if dnssec_ok { 0x80 } else { 0 };
    [0, 0, 41, payload0, payload1, 0, 0, dnssec_ok, 0, 0, 0]
}

/// A bare header as it is, with the question that it answers behind it.
pub(crate) fn with_question(header: &[u8], asked: &[u8]) -> Vec<u8> {
    let mut message = header.to_vec();
    let end = Question::read(asked).map(Question::end);
    if let Some(question) = end.and_then(|end| asked.get(HEADER..end)) {
        message.extend_from_slice(question);
        if let Some(count) = message.get_mut(4..6) {
            count.copy_from_slice(&[0, 1]);
        }
    }
    message
}

/// The answer to `asked` that has a response code and nothing else.
pub(crate) fn failure(asked: &[u8], id: u16, code: u8, edns: Option<ClientEdns>) -> Vec<u8> {
    let flags = Header::read(asked).map_or(0, |header| header.flags);
    let flags = flag::QR | (flags & COPIED) | u16::from(code & 0x0f);
    let mut header = vec![0; HEADER];
    set_id(&mut header, id);
    if let Some(place) = header.get_mut(2..4) {
        place.copy_from_slice(&flags.to_be_bytes());
    }
    let mut failure = with_question(&header, asked);
    if let (Some(edns), Some(additionals)) = (edns, failure.get_mut(10..HEADER)) {
        additionals.copy_from_slice(&[0, 1]);
        failure.extend_from_slice(&our_opt(edns.dnssec_ok));
    }
    failure
}

/// The message cut behind its question, with TC set: the client asks again over TCP. Its OPT
/// record is kept in kind, as RFC 6891 section 7 wants it.
pub(crate) fn truncated(message: &[u8], edns: Option<ClientEdns>) -> Vec<u8> {
    let question = Question::read(message);
    let end = question.map_or(HEADER, Question::end);
    let mut short = message.get(..end).unwrap_or(message).to_vec();
    if let (Some(header), Some(whole)) = (Header::read(message), short.first_chunk_mut::<HEADER>())
    {
        let [id0, id1] = header.id.to_be_bytes();
        let [flags0, flags1] = (header.flags | flag::TC).to_be_bytes();
        let questions = u8::from(question.is_some());
        let additionals = u8::from(edns.is_some());
        *whole = [
            id0,
            id1,
            flags0,
            flags1,
            0,
            questions,
            0,
            0,
            0,
            0,
            0,
            additionals,
        ];
    }
    if let Some(edns) = edns {
        short.extend_from_slice(&our_opt(edns.dnssec_ok));
    }
    short
}
