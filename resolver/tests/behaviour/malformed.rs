//! What is not a well-formed question.

use std::time::Duration;

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::RecordType,
};

use crate::{
    ask::{addresses, question, udp, udp_maybe, udp_octets, with_edns},
    running::{ALIAS, ALIAS_V4, Running, start},
};

/// Long enough for an answer that must not come.
const A_WHILE: Duration = Duration::from_millis(200);

async fn still_answers(resolver: &Running) {
    let answer = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn no_question_is_a_format_error() {
    let resolver = start(&[]);
    let mut none = question(ALIAS, RecordType::A);
    none.queries.clear();
    let answer = udp(resolver.address, &none).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
    assert_eq!(answer.metadata.id, none.metadata.id);
}

#[tokio::test]
async fn two_questions_are_a_format_error() {
    let resolver = start(&[]);
    let mut two = question(ALIAS, RecordType::A);
    two.queries.push(two.queries[0].clone());
    let answer = udp(resolver.address, &two).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
}

#[tokio::test]
async fn other_operations_are_not_implemented() {
    let resolver = start(&[]);
    for operation in [OpCode::Status, OpCode::Notify, OpCode::Update] {
        let mut other = question(ALIAS, RecordType::A);
        other.metadata.op_code = operation;
        let answer = udp(resolver.address, &other).await;
        assert_eq!(
            answer.metadata.response_code,
            ResponseCode::NotImp,
            "{operation:?}"
        );
        assert_eq!(answer.metadata.op_code, operation);
    }
}

#[tokio::test]
async fn a_question_cut_short_is_a_format_error() {
    let resolver = start(&[]);
    let whole = question(ALIAS, RecordType::A).to_vec().unwrap();
    let answer = udp_octets(resolver.address, &whole[..whole.len() - 3]).await;
    let answer = Message::from_vec(&answer).unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
}

#[tokio::test]
async fn two_opt_records_are_a_format_error() {
    let resolver = start(&[]);
    let mut octets = with_edns(question(ALIAS, RecordType::A), 1232)
        .to_vec()
        .unwrap();
    let opt = octets[octets.len() - 11..].to_vec();
    octets.extend(opt);
    octets[11] = 2;
    let answer = Message::from_vec(&udp_octets(resolver.address, &octets).await).unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
}

#[tokio::test]
async fn less_than_a_header_is_not_answered() {
    let resolver = start(&[]);
    assert_eq!(udp_maybe(resolver.address, b"junk", A_WHILE).await, None);
    still_answers(&resolver).await;
}

#[tokio::test]
async fn an_answer_is_not_answered() {
    let resolver = start(&[]);
    let mut response = question(ALIAS, RecordType::A);
    response.metadata.message_type = MessageType::Response;
    let octets = response.to_vec().unwrap();
    assert_eq!(udp_maybe(resolver.address, &octets, A_WHILE).await, None);
    still_answers(&resolver).await;
}
