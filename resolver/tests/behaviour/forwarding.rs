//! Names that are no alias: what the upstream says is what the client gets.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};

use crate::{
    ask::{question, tcp_octets, udp, udp_octets},
    fake_upstream::{FakeUpstream, Via, answer_to, answer_with},
    running::start,
};

const NAME: &str = "www.Example.com.";

fn ids_aside(octets: &[u8]) -> &[u8] {
    &octets[2..]
}

#[tokio::test]
async fn a_question_arrives_as_it_was_sent_but_for_its_id() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    let question = question(NAME, RecordType::A).to_vec().unwrap();
    udp_octets(resolver.address, &question).await;
    assert_eq!(ids_aside(&upstream.asked()[0].octets), ids_aside(&question));
}

#[tokio::test]
async fn an_answer_comes_back_octet_for_octet_under_the_clients_id() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    let question = question(NAME, RecordType::A).to_vec().unwrap();
    assert_eq!(
        udp_octets(resolver.address, &question).await,
        answer_with(&question, [192, 0, 2, 1])
    );
    assert_eq!(
        tcp_octets(resolver.address, &question).await,
        answer_with(&question, [192, 0, 2, 1])
    );
}

#[tokio::test]
async fn the_transport_of_the_question_is_kept() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    let question = question(NAME, RecordType::A).to_vec().unwrap();
    udp_octets(resolver.address, &question).await;
    tcp_octets(resolver.address, &question).await;
    let via: Vec<_> = upstream.asked().iter().map(|asked| asked.via).collect();
    assert_eq!(via, [Via::Udp, Via::Tcp]);
}

#[tokio::test]
async fn every_response_code_is_kept() {
    let codes = [
        ResponseCode::FormErr,
        ResponseCode::ServFail,
        ResponseCode::NXDomain,
        ResponseCode::NotImp,
        ResponseCode::Refused,
        ResponseCode::NotAuth,
    ];
    for code in codes {
        let upstream = FakeUpstream::saying(code).await;
        let resolver = start(&[upstream.address]);
        let answer = udp(resolver.address, &question(NAME, RecordType::A)).await;
        assert_eq!(answer.metadata.response_code, code);
    }
}

#[tokio::test]
async fn flags_are_those_of_the_upstream() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut answer = answer_to(asked);
        answer.metadata.authentic_data = true;
        answer.metadata.checking_disabled = true;
        answer.metadata.recursion_available = false;
        answer.metadata.authoritative = true;
        answer.metadata.truncation = true;
        vec![answer.to_vec().unwrap()]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let flags = udp(resolver.address, &question(NAME, RecordType::A))
        .await
        .metadata;
    assert!(flags.authentic_data && flags.checking_disabled && flags.authoritative);
    assert!(flags.truncation && !flags.recursion_available);
}

#[tokio::test]
async fn all_sections_and_unknown_types_come_through() {
    let owner = Name::from_ascii("example.com.").unwrap();
    let unknown = rdata::NULL::with(vec![1, 2, 0xff]);
    let unknown = RData::Unknown {
        code: RecordType::from(65_400),
        rdata: unknown,
    };
    let record = Record::from_rdata(owner, 9, unknown);
    let sent = record.clone();
    let upstream = FakeUpstream::start(move |asked, _| {
        let mut answer = answer_to(asked);
        answer.add_answer(sent.clone());
        answer.add_authority(sent.clone());
        answer.add_additional(sent.clone());
        vec![answer.to_vec().unwrap()]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let answer = udp(resolver.address, &question(NAME, RecordType::from(65_400))).await;
    let sections = [&answer.answers, &answer.authorities, &answer.additionals];
    assert_eq!(
        sections,
        [&vec![record.clone()], &vec![record.clone()], &vec![record]]
    );
}

#[tokio::test]
async fn a_truncated_answer_sends_the_client_to_tcp_where_it_is_whole() {
    let upstream = FakeUpstream::start(|asked, via| {
        let mut answer = answer_to(asked);
        answer.metadata.truncation = via == Via::Udp;
        let name = answer.queries[0].name().clone();
        for last in 0..if via == Via::Udp { 0 } else { 200 } {
            let data = RData::A(rdata::A::new(192, 0, 2, last));
            answer.add_answer(Record::from_rdata(name.clone(), 9, data));
        }
        vec![answer.to_vec().unwrap()]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let asked = question(NAME, RecordType::A);
    assert!(udp(resolver.address, &asked).await.metadata.truncation);
    assert_eq!(
        crate::ask::tcp(resolver.address, &asked)
            .await
            .answers
            .len(),
        200
    );
}

#[tokio::test]
async fn the_largest_answer_there_can_be_comes_through_over_tcp() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut long = answer_with(asked, [192, 0, 2, 1]);
        long.resize(65_535, 7);
        vec![long]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let question = question(NAME, RecordType::A).to_vec().unwrap();
    assert_eq!(tcp_octets(resolver.address, &question).await.len(), 65_535);
}

#[tokio::test]
async fn every_forward_has_another_id_and_another_port() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    let question = question(NAME, RecordType::A).to_vec().unwrap();
    for _ in 0..20 {
        udp_octets(resolver.address, &question).await;
    }
    let asked = upstream.asked();
    let mut ids: Vec<_> = asked
        .iter()
        .map(|asked| asked.octets[..2].to_vec())
        .collect();
    let mut ports: Vec<_> = asked.iter().map(|asked| asked.from.port()).collect();
    for distinct in [&mut ids.len(), &mut ports.len()] {
        assert_eq!(*distinct, 20);
    }
    ids.sort();
    ids.dedup();
    ports.sort_unstable();
    ports.dedup();
    assert!(ids.len() >= 18, "IDs drawn at random: {ids:?}");
    assert!(ports.len() >= 15, "ports drawn at random: {ports:?}");
}

#[tokio::test]
async fn an_answer_without_its_question_gets_it_back() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut answer = answer_to(asked);
        answer.metadata.response_code = ResponseCode::Refused;
        answer.queries.clear();
        vec![answer.to_vec().unwrap()]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let asked = question(NAME, RecordType::A);
    let answer = udp(resolver.address, &asked).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
    assert_eq!(answer.queries, asked.queries);
}

#[tokio::test]
async fn without_an_upstream_other_names_are_refused() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(NAME, RecordType::A)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
    assert!(!answer.metadata.recursion_available);
}

#[tokio::test]
async fn a_zone_transfer_is_refused() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    for kind in [RecordType::AXFR, RecordType::IXFR] {
        let asked = question("example.com.", kind).to_vec().unwrap();
        let answer = Message::from_vec(&tcp_octets(resolver.address, &asked).await).unwrap();
        assert_eq!(
            answer.metadata.response_code,
            ResponseCode::Refused,
            "{kind}"
        );
    }
    assert!(upstream.asked().is_empty());
}
