//! A name server that forwards to the resolver that forwards to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;
use eastwest_resolver::{UpstreamState, server::Resolver};
use hickory_proto::{op::ResponseCode, rr::RecordType};
use tokio::{net::UdpSocket, time::sleep};

use crate::{
    ask::{addresses, question, udp, udp_maybe},
    fake_upstream::FakeUpstream,
    running::{ALIAS, ALIAS_V4, config, table},
};

/// Forwards all it gets to the address that `target` comes to hold.
async fn mirror(target: Arc<Mutex<Option<SocketAddr>>>) -> SocketAddr {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = vec![0; 4096];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let asked = buffer[..length].to_vec();
            let (socket, to) = (Arc::clone(&socket), *target.lock().unwrap());
            tokio::spawn(async move {
                let patience = Duration::from_secs(1);
                if let Some(answer) = udp_maybe(to.unwrap(), &asked, patience).await {
                    socket.send_to(&answer, from).await.unwrap();
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_name_server_that_sends_questions_back_is_found_and_not_asked() {
    let target = Arc::default();
    let mirror = mirror(Arc::clone(&target)).await;
    let good = FakeUpstream::answering([192, 0, 2, 1]).await;
    let config = config(&[mirror, good.address]);
    let bound = Resolver::bind(&config, Arc::new(ArcSwap::from_pointee(table()))).unwrap();
    let server = bound.addresses()[0];
    *target.lock().unwrap() = Some(server);
    let upstreams = bound.upstreams();
    tokio::spawn(bound.serve(Default::default()));
    while upstreams.snapshot()[0].1 != UpstreamState::Loops {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(
        upstreams.snapshot()[1],
        (good.address, UpstreamState::Unasked)
    );
    let answer = udp(server, &question("www.example.com.", RecordType::A)).await;
    assert_eq!(addresses(&answer), ["192.0.2.1"]);
    assert_eq!(good.asked().len(), 1);
    assert_eq!(
        upstreams.snapshot()[1],
        (good.address, UpstreamState::Answers)
    );
}

#[tokio::test]
async fn where_every_name_server_loops_the_answer_is_servfail_and_aliases_stay() {
    let target = Arc::default();
    let mirror = mirror(Arc::clone(&target)).await;
    let bound =
        Resolver::bind(&config(&[mirror]), Arc::new(ArcSwap::from_pointee(table()))).unwrap();
    let server = bound.addresses()[0];
    *target.lock().unwrap() = Some(server);
    let upstreams = bound.upstreams();
    tokio::spawn(bound.serve(Default::default()));
    while upstreams.snapshot()[0].1 != UpstreamState::Loops {
        sleep(Duration::from_millis(5)).await;
    }
    let answer = udp(server, &question("www.example.com.", RecordType::A)).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(
        addresses(&udp(server, &question(ALIAS, RecordType::A)).await),
        [ALIAS_V4]
    );
}
