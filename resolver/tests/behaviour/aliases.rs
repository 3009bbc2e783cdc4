//! What an alias answers.

use std::sync::Arc;

use eastwest_resolver::alias::AliasTable;
use hickory_proto::{
    op::ResponseCode,
    rr::{DNSClass, Name, RData, RecordType},
};

use crate::{
    ask::{addresses, question, tcp, udp},
    fake_upstream::FakeUpstream,
    running::{ALIAS, ALIAS_V4, DOWN, DUAL, DUAL_V4, DUAL_V6, config, start, start_with},
};

#[tokio::test]
async fn an_alias_answers_with_its_virtual_ip() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn an_alias_answers_over_tcp_too() {
    let resolver = start(&[]);
    let answer = tcp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn an_alias_with_both_families_answers_each_with_its_own() {
    let resolver = start(&[]);
    let v4 = udp(resolver.address, &question(DUAL, RecordType::A)).await;
    let v6 = udp(resolver.address, &question(DUAL, RecordType::AAAA)).await;
    assert_eq!(
        (addresses(&v4), addresses(&v6)),
        (vec![DUAL_V4.into()], vec![DUAL_V6.into()])
    );
}

#[tokio::test]
async fn the_answer_is_authoritative() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert!(answer.metadata.authoritative);
    assert!(!answer.metadata.authentic_data);
}

#[tokio::test]
async fn recursion_is_available_where_there_is_an_upstream() {
    let upstream = FakeUpstream::silent().await;
    let (without, with) = (start(&[]), start(&[upstream.address]));
    let question = question(ALIAS, RecordType::A);
    assert!(
        !udp(without.address, &question)
            .await
            .metadata
            .recursion_available
    );
    assert!(
        udp(with.address, &question)
            .await
            .metadata
            .recursion_available
    );
}

#[tokio::test]
async fn the_time_to_live_is_the_configured_one() {
    let mut config = config(&[]);
    config.ttl = 17;
    let resolver = start_with(&config);
    let answer = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert_eq!(answer.answers[0].ttl, 17);
}

#[tokio::test]
async fn the_case_of_the_question_does_not_matter_and_is_kept() {
    let mixed = "SrC-hElLo-0.dEmO.SVC.cluster.LOCAL.";
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(mixed, RecordType::A)).await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
    assert_eq!(answer.answers[0].name.to_ascii(), mixed);
    assert_eq!(answer.queries[0].name().to_ascii(), mixed);
}

#[tokio::test]
async fn a_missing_family_is_no_data_with_an_soa() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(ALIAS, RecordType::AAAA)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert!(answer.answers.is_empty());
    let [soa] = &answer.authorities[..] else {
        panic!("{answer}")
    };
    let RData::SOA(data) = &soa.data else {
        panic!("{soa}")
    };
    assert_eq!(soa.name, Name::from_ascii(ALIAS).unwrap());
    assert_eq!((soa.ttl, data.minimum), (5, 5));
}

#[tokio::test]
async fn every_other_type_is_no_data_and_never_asks_an_upstream() {
    let upstream = FakeUpstream::saying(ResponseCode::NXDomain).await;
    let resolver = start(&[upstream.address]);
    let kinds = [
        RecordType::HTTPS,
        RecordType::SVCB,
        RecordType::SRV,
        RecordType::TXT,
        RecordType::PTR,
        RecordType::MX,
        RecordType::CNAME,
        RecordType::NS,
        RecordType::SOA,
        RecordType::ANY,
        RecordType::from(65_280),
    ];
    for kind in kinds {
        let answer = udp(resolver.address, &question(ALIAS, kind)).await;
        assert_eq!(
            answer.metadata.response_code,
            ResponseCode::NoError,
            "{kind}"
        );
        assert!(answer.answers.is_empty(), "{kind}");
        assert_eq!(answer.authorities.len(), 1, "{kind}");
    }
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn a_name_below_an_alias_is_forwarded() {
    let upstream = FakeUpstream::saying(ResponseCode::NXDomain).await;
    let resolver = start(&[upstream.address]);
    let name = format!("www.{ALIAS}");
    let answer = udp(resolver.address, &question(&name, RecordType::A)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(upstream.asked().len(), 1);
}

#[tokio::test]
async fn a_name_that_only_starts_like_an_alias_is_forwarded() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    for name in [
        "src-hello-7.demo.svc.cluster.local.",
        "src-hello-0.",
        "src-hello-0.demo.",
    ] {
        let answer = udp(resolver.address, &question(name, RecordType::A)).await;
        assert_eq!(addresses(&answer), ["192.0.2.1"], "{name}");
    }
}

#[tokio::test]
async fn another_class_is_forwarded() {
    let upstream = FakeUpstream::saying(ResponseCode::Refused).await;
    let resolver = start(&[upstream.address]);
    let mut chaos = question(ALIAS, RecordType::TXT);
    chaos.queries[0].set_query_class(DNSClass::CH);
    let answer = udp(resolver.address, &chaos).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
    assert_eq!(upstream.asked().len(), 1);
}

#[tokio::test]
async fn a_swapped_table_is_answered_from_at_once() {
    let resolver = start(&[]);
    let name = "src-new-0.demo.svc.cluster.local";
    let new = AliasTable::new([(name.parse().unwrap(), ["127.64.0.99".parse().unwrap()])]);
    resolver.table.store(Arc::new(new));
    let added = udp(
        resolver.address,
        &question(&format!("{name}."), RecordType::A),
    )
    .await;
    assert_eq!(addresses(&added), ["127.64.0.99"]);
    let removed = udp(resolver.address, &question(ALIAS, RecordType::A)).await;
    assert_eq!(removed.metadata.response_code, ResponseCode::Refused);
}

/// CoreDNS may send the alias's name here, and would send it back.
#[tokio::test]
async fn an_alias_that_is_down_fails_here_and_never_asks_an_upstream() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    for name in [
        DOWN.to_owned(),
        DOWN.to_uppercase(),
        format!("{DOWN}demo.svc.cluster.local."),
    ] {
        for kind in [RecordType::A, RecordType::TXT] {
            let answer = udp(resolver.address, &question(&name, kind)).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
        }
    }
    let other = udp(resolver.address, &question("a.example.", RecordType::A)).await;
    assert_eq!(addresses(&other), ["192.0.2.1"]);
    assert_eq!(upstream.asked().len(), 1);
}
