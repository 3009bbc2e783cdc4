//! Many questions at a time.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use eastwest_resolver::server::Resolver;
use hickory_proto::{op::ResponseCode, rr::RecordType};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    ask::{addresses, question, udp},
    fake_upstream::{FakeUpstream, answer_with},
    running::{ALIAS, ALIAS_V4, config, start, start_with, table},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_questions_each_get_their_own_answer() {
    // The last octet of the answer is the number in the question's name.
    let upstream = FakeUpstream::start(|asked, _| {
        let number = std::str::from_utf8(&asked[13..16])
            .unwrap()
            .parse()
            .unwrap();
        vec![answer_with(asked, [192, 0, 2, number])]
    })
    .await;
    let resolver = start(&[upstream.address]);
    let mut clients = JoinSet::new();
    for number in 0..100_u8 {
        let server = resolver.address;
        clients.spawn(async move {
            let name = format!("{number:03}.example.com.");
            let forwarded = udp(server, &question(&name, RecordType::A)).await;
            assert_eq!(addresses(&forwarded), [format!("192.0.2.{number}")]);
            let alias = udp(server, &question(ALIAS, RecordType::A)).await;
            assert_eq!(addresses(&alias), [ALIAS_V4]);
        });
    }
    clients.join_all().await;
}

#[tokio::test]
async fn forwards_over_the_limit_get_servfail_and_aliases_are_still_answered() {
    let silent = FakeUpstream::silent().await;
    let mut config = config(&[silent.address]);
    config.forwarding.at_once = 1;
    config.forwarding.attempt_timeout = Duration::from_secs(30);
    config.forwarding.total_timeout = Duration::from_secs(60);
    let resolver = start_with(&config);
    let server = resolver.address;
    let waiting = tokio::spawn(async move {
        udp(server, &question("one.example.com.", RecordType::A)).await;
    });
    while silent.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    let over = udp(server, &question("two.example.com.", RecordType::A)).await;
    assert_eq!(over.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(silent.asked().len(), 1);
    assert_eq!(
        addresses(&udp(server, &question(ALIAS, RecordType::A)).await),
        [ALIAS_V4]
    );
    waiting.abort();
}

#[tokio::test]
async fn a_question_that_is_on_its_way_at_shutdown_is_still_answered() {
    let arrived = Arc::new(tokio::sync::Notify::new());
    let first = std::sync::atomic::AtomicBool::new(true);
    let notify = Arc::clone(&arrived);
    // Silent to the first datagram, so that the answer comes only after the shutdown.
    let upstream = FakeUpstream::start(move |asked, _| {
        notify.notify_one();
        let early = first.swap(false, std::sync::atomic::Ordering::Relaxed);
        if early {
            Vec::new()
        } else {
            vec![answer_with(asked, [192, 0, 2, 1])]
        }
    })
    .await;
    let table = Arc::new(ArcSwap::from_pointee(table()));
    let bound = Resolver::bind(&config(&[upstream.address]), table).unwrap();
    let server = bound.addresses()[0];
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(bound.serve(shutdown.clone()));
    let client =
        tokio::spawn(
            async move { udp(server, &question("www.example.com.", RecordType::A)).await },
        );
    arrived.notified().await;
    shutdown.cancel();
    assert_eq!(addresses(&client.await.unwrap()), ["192.0.2.1"]);
    serving.await.unwrap();
}
