use hickory_proto::{
    op::{Message, MessageType, OpCode, Query},
    rr::{Name, RData, Record, RecordType, rdata::A},
};

use super::*;

fn message(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(0x1234, MessageType::Response, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

fn bytes(name: &str, kind: RecordType) -> Vec<u8> {
    message(name, kind).to_vec().unwrap()
}

fn same_question(one: &[u8], two: &[u8]) -> bool {
    Question::read(one)
        .unwrap()
        .matches(Question::read(two).unwrap())
}

#[test]
fn the_header_is_read_as_it_was_written() {
    let header = Header::read(&bytes("a.b.", RecordType::A)).unwrap();
    assert_eq!(
        (header.id, header.questions, header.opcode(), header.rcode()),
        (0x1234, 1, 0, 0)
    );
    assert!(header.is_response());
}

#[test]
fn eleven_octets_are_no_header() {
    assert_eq!(Header::read(&[0; 11]), None);
}

#[test]
fn a_question_matches_in_another_case() {
    assert!(same_question(
        &bytes("aB.cD.", RecordType::A),
        &bytes("Ab.Cd.", RecordType::A)
    ));
}

#[test]
fn a_question_does_not_match_another_name() {
    assert!(!same_question(
        &bytes("ab.", RecordType::A),
        &bytes("ac.", RecordType::A)
    ));
}

/// 65 and 97 are the letters `A` and `a`: only the name is compared without regard to case.
#[test]
fn a_question_does_not_match_a_type_that_looks_like_its_other_case() {
    let (one, two) = (RecordType::from(65), RecordType::from(97));
    assert!(!same_question(&bytes("ab.", one), &bytes("ab.", two)));
}

#[test]
fn a_compressed_question_is_none() {
    let mut message = bytes("ab.", RecordType::A);
    message[HEADER] = 0xc0;
    assert!(Question::read(&message).is_none());
}

#[test]
fn a_question_cut_anywhere_is_none() {
    let message = bytes("ab.cd.", RecordType::A);
    for length in 0..message.len() {
        assert!(Question::read(&message[..length]).is_none(), "{length}");
    }
}

#[test]
fn a_truncated_message_keeps_header_and_question_and_sets_tc() {
    let mut long = message("ab.", RecordType::A);
    let name = Name::from_ascii("ab.").unwrap();
    long.add_answer(Record::from_rdata(name, 1, RData::A(A::new(1, 2, 3, 4))));
    let short = truncated(&long.to_vec().unwrap(), None);
    let mut expected = message("ab.", RecordType::A);
    expected.metadata.truncation = true;
    assert_eq!(Message::from_vec(&short).unwrap(), expected);
}

#[test]
fn a_truncated_message_has_an_opt_record_where_the_client_had_one() {
    let edns = ClientEdns {
        payload: 512,
        dnssec_ok: true,
    };
    let short = Message::from_vec(&truncated(&bytes("ab.", RecordType::A), Some(edns))).unwrap();
    let opt = short.edns.unwrap();
    assert!(opt.flags().dnssec_ok);
    assert_eq!(opt.max_payload(), OUR_UDP_PAYLOAD);
}
