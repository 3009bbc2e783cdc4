//! Any octets at all: the resolver goes on.

use hickory_proto::rr::RecordType;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tokio::net::{TcpStream, UdpSocket};

use crate::{
    ask::{addresses, question, send_framed, udp, with_edns},
    running::{ALIAS, ALIAS_V4, Running, start},
};

/// Half noise, half a good question with some octets changed or cut off: that gets further.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let good = with_edns(question(ALIAS, RecordType::A), 1232)
        .to_vec()
        .unwrap();
    let changed = (vec((0..good.len(), any::<u8>()), 0..6), 0..=good.len()).prop_map(
        move |(changes, length)| {
            let mut octets = good.clone();
            for (place, octet) in changes {
                octets[place] = octet;
            }
            octets.truncate(length.max(12));
            octets
        },
    );
    prop_oneof![vec(any::<u8>(), 0..200), changed]
}

fn run(cases: u32, test: impl Fn(&tokio::runtime::Runtime, &Running, Vec<u8>)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let resolver = runtime.block_on(async { start(&[]) });
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let outcome = runner.run(&packets(), |packet| {
        test(&runtime, &resolver, packet);
        let answer = runtime.block_on(udp(resolver.address, &question(ALIAS, RecordType::A)));
        prop_assert_eq!(addresses(&answer), [ALIAS_V4]);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn any_datagram_leaves_the_resolver_answering() {
    run(500, |runtime, resolver, packet| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.send_to(&packet, resolver.address).await.unwrap();
        });
    });
}

#[test]
fn any_message_over_tcp_leaves_the_resolver_answering() {
    run(100, |runtime, resolver, packet| {
        runtime.block_on(async {
            let mut stream = TcpStream::connect(resolver.address).await.unwrap();
            send_framed(&mut stream, &packet).await;
        });
    });
}
