//! More TCP connections than there may be at a time.

use std::net::SocketAddr;

use eastwest_daemon::Bounds;
use hickory_proto::{op::Message, rr::RecordType};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::{
    ask::{PATIENCE, addresses, question, receive_framed, send_framed},
    fake_upstream::answer_with,
    running::{ALIAS_V4, config, start_with},
    tcp::ask_alias,
};

/// From 127.0.0.`last`.
async fn connect(last: u8, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::from(([127, 0, 0, last], 0)))
        .unwrap();
    socket.connect(server).await.unwrap()
}

async fn assert_answered(stream: &mut TcpStream) {
    let answer = ask_alias(stream).await.expect("it is open");
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn an_address_that_connects_and_says_nothing_keeps_no_other_out() {
    let mut config = config(&[]);
    // No place is given up for silence while anybody waits in this test.
    config.tcp.idle = 10 * PATIENCE;
    let resolver = start_with(&config);
    let mut before = connect(1, resolver.address).await;
    assert_answered(&mut before).await;
    let mut silent = Vec::new();
    for _ in 0..config.tcp.connections.in_all + 50 {
        silent.push(connect(2, resolver.address).await);
    }
    let mut after = connect(1, resolver.address).await;
    assert_answered(&mut after).await;
    assert_answered(&mut before).await;
    // Its share is left to it.
    let (given_up, share) =
        silent.split_at_mut(config.tcp.connections.in_all + 50 - config.tcp.connections.of_one);
    for stream in given_up {
        assert_eq!(receive_framed(stream).await, None);
    }
    for stream in share {
        assert_answered(stream).await;
    }
}

#[tokio::test]
async fn where_all_are_taken_the_next_is_served_for_the_oldest_of_who_has_the_most() {
    let mut config = config(&[]);
    config.tcp.idle = 10 * PATIENCE;
    config.tcp.connections = Bounds {
        in_all: 3,
        of_one: 2,
    };
    let resolver = start_with(&config);
    let mut open = Vec::new();
    for client in [1, 2, 2, 3] {
        let mut stream = connect(client, resolver.address).await;
        assert_answered(&mut stream).await;
        open.push(stream);
    }
    assert_eq!(receive_framed(&mut open[1]).await, None);
    for at in [0, 2, 3] {
        assert_answered(&mut open[at]).await;
    }
}

#[tokio::test]
async fn a_connection_that_waits_for_its_answer_stays_where_its_client_has_an_idle_one() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(&[upstream.local_addr().unwrap()]);
    config.forwarding.attempt_timeout = 3 * PATIENCE;
    config.forwarding.total_timeout = 3 * PATIENCE;
    config.tcp.idle = 10 * PATIENCE;
    config.tcp.connections.of_one = 2;
    let resolver = start_with(&config);
    let mut waiting = connect(2, resolver.address).await;
    let asked = question("www.example.com.", RecordType::A);
    send_framed(&mut waiting, &asked.to_vec().unwrap()).await;
    let (mut forwarded, _) = upstream.accept().await.unwrap();
    let asked = receive_framed(&mut forwarded).await.unwrap();
    let mut idle = connect(2, resolver.address).await;
    assert_answered(&mut idle).await;
    let mut next = connect(2, resolver.address).await;
    assert_answered(&mut next).await;
    assert_eq!(receive_framed(&mut idle).await, None);
    send_framed(&mut forwarded, &answer_with(&asked, [192, 0, 2, 1])).await;
    let answer = receive_framed(&mut waiting).await.expect("it is open");
    assert_eq!(
        addresses(&Message::from_vec(&answer).unwrap()),
        ["192.0.2.1"]
    );
}
