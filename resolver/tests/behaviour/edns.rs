//! Sizes and flags of RFC 6891, and truncation.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        RecordType,
        rdata::opt::{EdnsCode, EdnsOption},
    },
};

use crate::{
    ask::{addresses, question, tcp, udp, udp_octets, with_edns},
    fake_upstream::{FakeUpstream, answer_to, answer_with},
    running::{ALIAS, ALIAS_V4, MANY, MANY_COUNT, start},
};

#[tokio::test]
async fn an_edns_question_gets_an_edns_answer() {
    let resolver = start(&[]);
    let answer = udp(
        resolver.address,
        &with_edns(question(ALIAS, RecordType::A), 1232),
    )
    .await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
    assert_eq!(answer.edns.unwrap().max_payload(), 1232);
}

#[tokio::test]
async fn a_plain_question_gets_a_plain_answer() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert!(answer.edns.is_none());
}

#[tokio::test]
async fn the_dnssec_bit_is_echoed() {
    let resolver = start(&[]);
    let mut question = with_edns(question(ALIAS, RecordType::A), 1232);
    question.edns.as_mut().unwrap().set_dnssec_ok(true);
    let answer = udp(resolver.address, &question).await;
    assert!(answer.edns.unwrap().flags().dnssec_ok);
}

#[tokio::test]
async fn an_edns_version_of_the_future_is_told_ours() {
    let resolver = start(&[]);
    let mut question = with_edns(question(ALIAS, RecordType::A), 1232);
    question.edns.as_mut().unwrap().set_version(1);
    let answer = udp(resolver.address, &question).await;
    // 16: hickory prints its other meaning, BADSIG.
    assert_eq!(
        u16::from(answer.metadata.response_code),
        u16::from(ResponseCode::BADVERS)
    );
    assert_eq!(answer.edns.unwrap().version(), 0);
}

#[tokio::test]
async fn an_answer_over_512_octets_is_truncated_without_edns() {
    let resolver = start(&[]);
    let octets = udp_octets(
        resolver.address,
        &question(MANY, RecordType::A).to_vec().unwrap(),
    )
    .await;
    assert!(octets.len() <= 512);
    let answer = Message::from_vec(&octets).unwrap();
    assert!(answer.metadata.truncation && answer.answers.is_empty());
    assert_eq!(answer.queries, question(MANY, RecordType::A).queries);
}

#[tokio::test]
async fn the_size_that_the_client_announces_is_used() {
    let resolver = start(&[]);
    let answer = udp(
        resolver.address,
        &with_edns(question(MANY, RecordType::A), 1232),
    )
    .await;
    assert!(!answer.metadata.truncation);
    assert_eq!(answer.answers.len(), usize::from(MANY_COUNT));
}

#[tokio::test]
async fn a_truncated_answer_still_has_its_opt_record() {
    let resolver = start(&[]);
    let answer = udp(
        resolver.address,
        &with_edns(question(MANY, RecordType::A), 600),
    )
    .await;
    assert!(answer.metadata.truncation);
    assert!(answer.edns.is_some());
}

#[tokio::test]
async fn tcp_has_the_whole_answer() {
    let resolver = start(&[]);
    let answer = tcp(resolver.address, &question(MANY, RecordType::A)).await;
    assert!(!answer.metadata.truncation);
    assert_eq!(answer.answers.len(), usize::from(MANY_COUNT));
}

#[tokio::test]
async fn options_reach_the_upstream_and_its_own_come_back() {
    let cookie = EdnsOption::Unknown(10, b"12345678".to_vec());
    let local = EdnsOption::Unknown(65_001, b"local".to_vec());
    let sent = local.clone();
    let upstream = FakeUpstream::start(move |asked, _| {
        let mut answer = answer_to(asked);
        let mut edns = Message::from_vec(asked).unwrap().edns.unwrap();
        edns.options_mut().insert(sent.clone());
        answer.edns = Some(edns);
        vec![answer.to_vec().unwrap()]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let mut asked = with_edns(question("example.com.", RecordType::A), 1400);
    let edns = asked.edns.as_mut().unwrap();
    edns.set_dnssec_ok(true)
        .options_mut()
        .insert(cookie.clone());
    let answer = udp(resolver.address, &asked).await.edns.unwrap();
    assert_eq!(answer.option(EdnsCode::from(10)), Some(&cookie));
    assert_eq!(answer.option(EdnsCode::from(65_001)), Some(&local));
    assert!(answer.flags().dnssec_ok);
    assert_eq!(answer.max_payload(), 1400);
}

#[tokio::test]
async fn an_upstream_that_says_too_much_is_cut_to_the_clients_size() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut long = answer_with(asked, [192, 0, 2, 1]);
        long.resize(900, 0);
        vec![long]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let question = question("example.com.", RecordType::A).to_vec().unwrap();
    let octets = udp_octets(resolver.address, &question).await;
    assert!(octets.len() <= 512);
    assert!(Message::from_vec(&octets).unwrap().metadata.truncation);
}

#[tokio::test]
async fn an_upstream_may_use_the_size_that_the_client_announces() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut long = answer_with(asked, [192, 0, 2, 1]);
        long.resize(3000, 7);
        vec![long]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let question = with_edns(question("example.com.", RecordType::A), 4096)
        .to_vec()
        .unwrap();
    assert_eq!(udp_octets(resolver.address, &question).await.len(), 3000);
}
