//! Name servers that fail, each in its way.

use std::time::{Duration, Instant};

use hickory_proto::{op::ResponseCode, rr::RecordType};

use crate::{
    ask::{addresses, question, tcp, udp, with_edns},
    fake_upstream::{FakeUpstream, answer_with, closed_port},
    running::{config, start, start_with},
};

const NAME: &str = "www.example.com.";
const GOOD: [u8; 4] = [192, 0, 2, 7];

fn asked() -> hickory_proto::op::Message {
    question(NAME, RecordType::A)
}

#[tokio::test]
async fn a_silent_server_makes_way_for_the_next() {
    let (silent, good) = (
        FakeUpstream::silent().await,
        FakeUpstream::answering(GOOD).await,
    );
    let resolver = start(&[silent.address, good.address]);
    assert_eq!(
        addresses(&udp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
    assert_eq!(
        addresses(&tcp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
}

#[tokio::test]
async fn a_closed_port_makes_way_for_the_next() {
    let (closed, good) = (closed_port().await, FakeUpstream::answering(GOOD).await);
    let resolver = start(&[closed, good.address]);
    assert_eq!(
        addresses(&udp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
    assert_eq!(
        addresses(&tcp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
}

#[tokio::test]
async fn garbage_makes_way_for_the_next() {
    let garbage = FakeUpstream::start(|_, _| vec![b"junk".to_vec(), vec![0xff; 60]]).await;
    let good = FakeUpstream::answering(GOOD).await;
    let resolver = start(&[garbage.address, good.address]);
    assert_eq!(
        addresses(&udp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
    assert_eq!(
        addresses(&tcp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
}

#[tokio::test]
async fn a_server_that_can_not_makes_way_for_one_that_can() {
    for code in [
        ResponseCode::ServFail,
        ResponseCode::Refused,
        ResponseCode::NotImp,
    ] {
        let (cannot, good) = (
            FakeUpstream::saying(code).await,
            FakeUpstream::answering(GOOD).await,
        );
        let resolver = start(&[cannot.address, good.address]);
        assert_eq!(
            addresses(&udp(resolver.address, &asked()).await),
            ["192.0.2.7"],
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_not_asked_for_elsewhere() {
    let none = FakeUpstream::saying(ResponseCode::NXDomain).await;
    let good = FakeUpstream::answering(GOOD).await;
    let resolver = start(&[none.address, good.address]);
    let answer = udp(resolver.address, &asked()).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert!(good.asked().is_empty());
}

#[tokio::test]
async fn a_refusal_is_passed_on_where_no_other_server_answers() {
    let (refusing, silent) = (
        FakeUpstream::saying(ResponseCode::Refused).await,
        FakeUpstream::silent().await,
    );
    let resolver = start(&[refusing.address, silent.address]);
    let answer = udp(resolver.address, &asked()).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
}

#[tokio::test]
async fn when_all_fail_the_answer_is_servfail_with_the_question_and_edns() {
    let (silent, closed) = (FakeUpstream::silent().await, closed_port().await);
    let resolver = start(&[silent.address, closed]);
    let question = with_edns(asked(), 1232);
    let answer = udp(resolver.address, &question).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(
        (answer.metadata.id, &answer.queries),
        (question.metadata.id, &question.queries)
    );
    assert!(answer.edns.is_some() && answer.metadata.recursion_desired);
}

#[tokio::test]
async fn a_forged_answer_is_passed_over_and_the_true_one_taken() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut wrong_id = answer_with(asked, [6, 6, 6, 6]);
        wrong_id[1] ^= 1;
        let mut wrong_question = answer_with(asked, [6, 6, 6, 6]);
        wrong_question[13] ^= 1;
        let mut a_question = answer_with(asked, [6, 6, 6, 6]);
        a_question[2] &= 0x7f;
        vec![
            wrong_id,
            wrong_question,
            a_question,
            answer_with(asked, GOOD),
        ]
    })
    .await;
    let resolver = start(&[upstream.address]);
    assert_eq!(
        addresses(&udp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
}

#[tokio::test]
async fn an_answer_to_another_question_is_an_error_over_tcp() {
    let upstream = FakeUpstream::start(|asked, _| {
        let mut wrong_id = answer_with(asked, [6, 6, 6, 6]);
        wrong_id[1] ^= 1;
        vec![wrong_id]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let answer = tcp(resolver.address, &asked()).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let upstream = FakeUpstream::start(move |asked, _| {
        let lost = first.swap(false, std::sync::atomic::Ordering::Relaxed);
        if lost {
            Vec::new()
        } else {
            vec![answer_with(asked, GOOD)]
        }
    })
    .await;
    let resolver = start(&[upstream.address]);
    assert_eq!(
        addresses(&udp(resolver.address, &asked()).await),
        ["192.0.2.7"]
    );
}

#[tokio::test]
async fn a_server_that_failed_is_not_asked_first_again() {
    let (silent, good) = (
        FakeUpstream::silent().await,
        FakeUpstream::answering(GOOD).await,
    );
    let resolver = start(&[silent.address, good.address]);
    for _ in 0..5 {
        udp(resolver.address, &asked()).await;
    }
    assert_eq!((silent.asked().len(), good.asked().len()), (1, 5));
}

#[tokio::test]
async fn the_first_server_is_preferred() {
    let (one, two) = (
        FakeUpstream::answering(GOOD).await,
        FakeUpstream::answering(GOOD).await,
    );
    let resolver = start(&[one.address, two.address]);
    for _ in 0..4 {
        udp(resolver.address, &asked()).await;
    }
    assert_eq!((one.asked().len(), two.asked().len()), (4, 0));
}

#[tokio::test]
async fn rotation_spreads_questions_over_all_servers() {
    let (one, two) = (
        FakeUpstream::answering(GOOD).await,
        FakeUpstream::answering(GOOD).await,
    );
    let mut config = config(&[one.address, two.address]);
    config.forwarding.rotate = true;
    let resolver = start_with(&config);
    for _ in 0..4 {
        udp(resolver.address, &asked()).await;
    }
    assert_eq!((one.asked().len(), two.asked().len()), (2, 2));
}

#[tokio::test]
async fn the_total_time_bounds_any_number_of_silent_servers() {
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(FakeUpstream::silent().await);
    }
    let addresses: Vec<_> = silent.iter().map(|upstream| upstream.address).collect();
    let mut config = config(&addresses);
    config.forwarding.attempt_timeout = Duration::from_secs(60);
    config.forwarding.total_timeout = Duration::from_millis(600);
    let resolver = start_with(&config);
    let begin = Instant::now();
    let answer = udp(resolver.address, &asked()).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "one attempt alone may take 60 s"
    );
    assert!(
        silent.iter().all(|upstream| !upstream.asked().is_empty()),
        "each was asked"
    );
}
