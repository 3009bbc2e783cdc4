//! An alias with a search domain behind it: the look-up ends at its first question.

use eastwest_resolver::alias::search::SearchDomains;
use hickory_proto::{
    op::ResponseCode,
    rr::{Name, RData, RecordType},
};

use crate::{
    ask::{addresses, question, udp},
    fake_upstream::FakeUpstream,
    running::{ALIAS, ALIAS_V4, config, start, start_with},
};

const FORM: &str = "src-hello-0.demo.svc.cluster.local.demo.svc.cluster.local.";

#[tokio::test]
async fn the_first_question_of_a_pod_is_answered_without_an_upstream() {
    let upstream = FakeUpstream::saying(ResponseCode::NXDomain).await;
    let resolver = start(&[upstream.address]);
    let answer = udp(resolver.address, &question(FORM, RecordType::A)).await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn the_answer_is_a_cname_to_the_alias_and_its_address() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(FORM, RecordType::A)).await;
    let [cname, address] = &answer.answers[..] else {
        panic!("{answer}")
    };
    let alias = Name::from_ascii(ALIAS).unwrap();
    let RData::CNAME(target) = &cname.data else {
        panic!("{cname}")
    };
    assert_eq!(
        (&cname.name, &target.0),
        (&Name::from_ascii(FORM).unwrap(), &alias)
    );
    assert_eq!(address.name, alias);
}

#[tokio::test]
async fn the_case_of_the_question_is_kept_in_the_cname() {
    let mixed = FORM.replace("src", "SrC");
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(&mixed, RecordType::A)).await;
    assert_eq!(answer.answers[0].name.to_ascii(), mixed);
}

#[tokio::test]
async fn every_search_domain_of_any_namespace_is_answered() {
    let resolver = start(&[]);
    for domain in [
        "pxc.svc.cluster.local.",
        "svc.cluster.local.",
        "cluster.local.",
    ] {
        let name = format!("{ALIAS}{domain}");
        let answer = udp(resolver.address, &question(&name, RecordType::A)).await;
        assert_eq!(addresses(&answer), [ALIAS_V4], "{name}");
    }
}

#[tokio::test]
async fn a_configured_search_domain_is_answered() {
    let mut config = config(&[]);
    let listed = ["corp.example".parse().unwrap()];
    config.search = SearchDomains::new("cluster.local".parse().unwrap(), listed);
    let resolver = start_with(&config);
    let name = format!("{ALIAS}corp.example.");
    let answer = udp(resolver.address, &question(&name, RecordType::A)).await;
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn a_suffix_that_is_no_search_domain_is_forwarded() {
    let upstream = FakeUpstream::saying(ResponseCode::NXDomain).await;
    let resolver = start(&[upstream.address]);
    let name = format!("{ALIAS}corp.example.");
    let answer = udp(resolver.address, &question(&name, RecordType::A)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(upstream.asked().len(), 1);
}

#[tokio::test]
async fn other_types_are_a_cname_to_no_data() {
    let resolver = start(&[]);
    for kind in [
        RecordType::AAAA,
        RecordType::HTTPS,
        RecordType::SRV,
        RecordType::TXT,
    ] {
        let answer = udp(resolver.address, &question(FORM, kind)).await;
        assert_eq!(
            answer.metadata.response_code,
            ResponseCode::NoError,
            "{kind}"
        );
        assert!(addresses(&answer).is_empty(), "{kind}");
        let [soa] = &answer.authorities[..] else {
            panic!("{answer}")
        };
        assert_eq!(soa.name, Name::from_ascii(ALIAS).unwrap(), "{kind}");
    }
}

#[tokio::test]
async fn the_cname_itself_can_be_asked_for() {
    let resolver = start(&[]);
    let answer = udp(resolver.address, &question(FORM, RecordType::CNAME)).await;
    assert_eq!((answer.answers.len(), answer.authorities.len()), (1, 0));
}
