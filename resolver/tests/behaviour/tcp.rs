//! Connections of TCP clients: RFC 7766.

use std::time::Duration;

use hickory_proto::{op::Message, rr::RecordType};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    ask::{addresses, question, receive_framed, send_framed},
    fake_upstream::FakeUpstream,
    running::{ALIAS, ALIAS_V4, config, start, start_with},
};

pub(crate) async fn ask_alias(stream: &mut TcpStream) -> Option<Message> {
    send_framed(stream, &question(ALIAS, RecordType::A).to_vec().unwrap()).await;
    Some(Message::from_vec(&receive_framed(stream).await?).unwrap())
}

#[tokio::test]
async fn many_questions_may_use_one_connection() {
    let resolver = start(&[]);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    for _ in 0..50 {
        assert_eq!(
            addresses(&ask_alias(&mut stream).await.unwrap()),
            [ALIAS_V4]
        );
    }
}

#[tokio::test]
async fn a_question_may_come_in_single_octets() {
    let resolver = start(&[]);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let question = question(ALIAS, RecordType::A).to_vec().unwrap();
    let mut framed = u16::try_from(question.len())
        .unwrap()
        .to_be_bytes()
        .to_vec();
    framed.extend(question);
    for octet in framed {
        stream.write_all(&[octet]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = Message::from_vec(&receive_framed(&mut stream).await.unwrap()).unwrap();
    assert_eq!(addresses(&answer), [ALIAS_V4]);
}

#[tokio::test]
async fn a_slow_upstream_does_not_hold_up_the_next_question() {
    let silent = FakeUpstream::silent().await;
    let resolver = start(&[silent.address]);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    let slow = question("www.example.com.", RecordType::A)
        .to_vec()
        .unwrap();
    send_framed(&mut stream, &slow).await;
    assert_eq!(
        addresses(&ask_alias(&mut stream).await.unwrap()),
        [ALIAS_V4]
    );
}

#[tokio::test]
async fn a_client_that_has_closed_its_side_still_gets_its_answer() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let resolver = start(&[upstream.address]);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    let asked = question("www.example.com.", RecordType::A)
        .to_vec()
        .unwrap();
    send_framed(&mut stream, &asked).await;
    stream.shutdown().await.unwrap();
    let answer = Message::from_vec(&receive_framed(&mut stream).await.unwrap()).unwrap();
    assert_eq!(addresses(&answer), ["192.0.2.1"]);
    assert_eq!(receive_framed(&mut stream).await, None, "and then the end");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let mut config = config(&[]);
    config.tcp.idle = Duration::from_millis(100);
    let resolver = start_with(&config);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    assert_eq!(receive_framed(&mut stream).await, None);
}

#[tokio::test]
async fn a_question_that_never_ends_is_closed_like_an_idle_connection() {
    let mut config = config(&[]);
    config.tcp.idle = Duration::from_millis(100);
    let resolver = start_with(&config);
    let mut stream = TcpStream::connect(resolver.address).await.unwrap();
    stream.write_all(&[0, 40, 1, 2, 3]).await.unwrap();
    assert_eq!(receive_framed(&mut stream).await, None);
}
