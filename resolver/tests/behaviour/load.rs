//! Many questions at a time.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use eastwest_resolver::server::Resolver;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::RecordType,
};
use tokio::{net::UdpSocket, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    ask::{PATIENCE, addresses, question, udp, udp_maybe},
    fake_upstream::{FakeUpstream, answer_with},
    running::{ALIAS, ALIAS_V4, DUAL, DUAL_V4, config, start, start_with, table},
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

/// They are all there before the resolver looks, more than it takes at a time.
#[tokio::test]
async fn questions_that_wait_together_are_each_answered_from_the_address_that_was_asked() {
    const EACH: u16 = 50;
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let searched = format!("{ALIAS}demo.svc.cluster.local.");
    let expected = [ALIAS_V4, ALIAS_V4, DUAL_V4, "192.0.2.1"];
    for listen in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        let mut config = config(&[upstream.address]);
        config.listen = vec![listen.parse().unwrap()];
        let resolver = start_with(&config);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = resolver.address.port();
        socket.connect(("127.0.0.1", port)).unwrap();
        let names = [ALIAS, &searched, DUAL, "www.example.com."];
        for (id, name) in (0..).zip(names.iter().cycle().take(names.len() * usize::from(EACH))) {
            let mut asked = question(name, RecordType::A);
            asked.metadata.id = id;
            socket.send(&asked.to_vec().unwrap()).unwrap();
        }
        socket.set_nonblocking(true).unwrap();
        let socket = UdpSocket::from_std(socket).unwrap();
        let mut answered = HashSet::new();
        while answered.len() < names.len() * usize::from(EACH) {
            let mut octets = [0; 1024];
            let length = timeout(PATIENCE, socket.recv(&mut octets)).await;
            let answer = Message::from_vec(&octets[..length.unwrap().unwrap()]).unwrap();
            let id = answer.metadata.id;
            assert!(answered.insert(id), "{listen}: {id} is answered twice");
            let place = usize::from(id) % names.len();
            assert_eq!(addresses(&answer), [expected[place]], "{listen}");
        }
    }
}

#[tokio::test]
async fn a_flood_of_questions_for_aliases_holds_up_neither_a_forward_nor_the_end() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let table = Arc::new(ArcSwap::from_pointee(table()));
    let bound = Resolver::bind(&config(&[upstream.address]), table).unwrap();
    let server = bound.addresses()[0];
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(bound.serve(shutdown.clone()));
    let over = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&over);
    let flood = std::thread::spawn(move || {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let asked = question(ALIAS, RecordType::A).to_vec().unwrap();
        while !until.load(Ordering::Relaxed) {
            // Refused once nobody listens any more.
            let _ = socket.send_to(&asked, server);
        }
    });
    // A question may find no room in the queue; then the client asks again.
    let asked = question("www.example.com.", RecordType::A)
        .to_vec()
        .unwrap();
    let forwarded = loop {
        if let Some(answer) = udp_maybe(server, &asked, Duration::from_millis(500)).await {
            break Message::from_vec(&answer).unwrap();
        }
    };
    assert_eq!(addresses(&forwarded), ["192.0.2.1"]);
    shutdown.cancel();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
    over.store(true, Ordering::Relaxed);
    flood.join().unwrap();
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
    let first = AtomicBool::new(true);
    let notify = Arc::clone(&arrived);
    // Silent to the first datagram, so that the answer comes only after the shutdown.
    let upstream = FakeUpstream::start(move |asked, _| {
        notify.notify_one();
        let early = first.swap(false, Ordering::Relaxed);
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
