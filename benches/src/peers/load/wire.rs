//! DNS messages, as far as a load needs them (RFC 1035 section 4.1).

use std::net::Ipv4Addr;

const HEADER: usize = 12;
const TYPE_A: u16 = 1;
const CLASS_IN: u16 = 1;
/// Response, recursion available; the opcode and "recursion desired" are the question's.
const RESPONSE: [u8; 2] = [0x80, 0x80];
/// The name is that of the question, at offset 12.
const SAME_NAME: [u8; 2] = [0xc0, 12];

/// A question for the address of a name, with number 0.
pub(super) fn question(name: &str) -> Vec<u8> {
    let mut message = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(TYPE_A.to_be_bytes());
    message.extend(CLASS_IN.to_be_bytes());
    message
}

/// The number of a message.
pub(super) fn number(message: &[u8]) -> Option<u16> {
    let bytes = message.get(..2)?;
    bytes.try_into().ok().map(u16::from_be_bytes)
}

/// Whether this is an answer without error, of at least one record.
pub(super) fn is_answer(message: &[u8]) -> bool {
    let (Some(flags), Some(answers)) = (message.get(2..4), message.get(6..8)) else {
        return false;
    };
    flags[0] & 0x80 != 0 && flags[1] & 0x0f == 0 && answers != [0, 0]
}

/// The answer of a server that knows one address, for whatever name; `None` to what is no question.
pub(super) fn answer(question: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let end = end_of_name(question)?;
    let kind = question.get(end..end + 2)?;
    let asked = question.get(..end + 4)?;
    if question.get(2)? & 0x80 != 0 {
        return None;
    }
    let mut message = asked.to_vec();
    message[2] |= RESPONSE[0];
    message[3] = RESPONSE[1];
    let is_a = kind == TYPE_A.to_be_bytes();
    message[4..HEADER].copy_from_slice(&[0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    if is_a {
        message.extend(SAME_NAME);
        message.extend(TYPE_A.to_be_bytes());
        message.extend(CLASS_IN.to_be_bytes());
        message.extend(5_u32.to_be_bytes());
        message.extend(4_u16.to_be_bytes());
        message.extend(address.octets());
    }
    Some(message)
}

fn end_of_name(message: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*message.get(at)?) {
            0 => return Some(at + 1),
            length if length < 64 => at += 1 + length,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Message, Query};
    use hickory_proto::rr::{Name, RData, RecordType};

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 71, 0, 9);

    #[test]
    fn a_question_is_what_a_library_would_ask() {
        let mut expected = Message::query();
        expected.metadata.id = 0;
        expected.metadata.recursion_desired = true;
        let name = Name::from_ascii("src-app-0.bench.svc.cluster.local.").unwrap();
        expected.add_query(Query::query(name, RecordType::A));
        let asked = question("src-app-0.bench.svc.cluster.local");
        assert_eq!(asked, expected.to_vec().unwrap());
    }

    #[test]
    fn an_answer_is_one_that_a_library_understands() {
        let mut asked = question("a.example");
        asked[0] = 7;
        let answered = answer(&asked, ADDRESS).unwrap();
        assert!(is_answer(&answered));
        assert_eq!(number(&answered), Some(0x700));
        let message = Message::from_vec(&answered).unwrap();
        let data = message.answers.iter().map(|record| &record.data);
        let data: Vec<_> = data.collect();
        assert!(matches!(data.as_slice(), [RData::A(a)] if a.0 == ADDRESS));
    }

    #[test]
    fn another_type_has_no_data_and_options_are_left_out() {
        let mut asked = question("a.example");
        let kind = asked.len() - 4;
        asked[kind + 1] = 28;
        asked[11] = 1;
        asked.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        let answered = answer(&asked, ADDRESS).unwrap();
        assert!(!is_answer(&answered));
        let message = Message::from_vec(&answered).unwrap();
        assert_eq!((message.queries.len(), message.answers.len()), (1, 0));
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        let asked = question("a.example");
        assert!(answer(&asked[..asked.len() - 1], ADDRESS).is_none());
        assert!(answer(&asked[..8], ADDRESS).is_none());
        let answered = answer(&asked, ADDRESS).unwrap();
        assert!(
            answer(&answered, ADDRESS).is_none(),
            "two servers would talk for ever"
        );
        assert!(!is_answer(&asked));
        assert!(!is_answer(&[]));
    }
}
