//! A client that sees every octet.

use std::{net::SocketAddr, time::Duration};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// Far more than any answer takes in these tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(0x0bad, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

pub(crate) fn with_edns(mut message: Message, payload: u16) -> Message {
    let mut edns = Edns::new();
    edns.set_max_payload(payload);
    message.edns = Some(edns);
    message
}

pub(crate) async fn udp_octets(server: SocketAddr, question: &[u8]) -> Vec<u8> {
    udp_maybe(server, question, PATIENCE)
        .await
        .expect("an answer over UDP")
}

/// `None` if nothing comes in that time.
pub(crate) async fn udp_maybe(
    server: SocketAddr,
    question: &[u8],
    patience: Duration,
) -> Option<Vec<u8>> {
    let any_port = if server.is_ipv4() {
        "127.0.0.1:0"
    } else {
        "[::1]:0"
    };
    let socket = UdpSocket::bind(any_port).await.unwrap();
    socket.connect(server).await.unwrap();
    socket.send(question).await.unwrap();
    let mut answer = vec![0; 65_535];
    let length = timeout(patience, socket.recv(&mut answer))
        .await
        .ok()?
        .unwrap();
    answer.truncate(length);
    Some(answer)
}

pub(crate) async fn udp(server: SocketAddr, question: &Message) -> Message {
    let answer = udp_octets(server, &question.to_vec().unwrap()).await;
    Message::from_vec(&answer).unwrap()
}

pub(crate) async fn send_framed(stream: &mut TcpStream, message: &[u8]) {
    let length = u16::try_from(message.len()).unwrap();
    stream.write_all(&length.to_be_bytes()).await.unwrap();
    stream.write_all(message).await.unwrap();
}

/// `None` at the end of the connection.
pub(crate) async fn receive_framed(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let receive = async {
        let mut message = vec![0; usize::from(stream.read_u16().await.ok()?)];
        stream.read_exact(&mut message).await.ok()?;
        Some(message)
    };
    timeout(PATIENCE, receive)
        .await
        .expect("an answer over TCP, or its end")
}

pub(crate) async fn tcp_octets(server: SocketAddr, question: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    send_framed(&mut stream, question).await;
    receive_framed(&mut stream)
        .await
        .expect("an answer over TCP")
}

pub(crate) async fn tcp(server: SocketAddr, question: &Message) -> Message {
    let answer = tcp_octets(server, &question.to_vec().unwrap()).await;
    Message::from_vec(&answer).unwrap()
}

/// The addresses in the answer section, as text.
pub(crate) fn addresses(answer: &Message) -> Vec<String> {
    let data = answer
        .answers
        .iter()
        .filter_map(|record| record.data.ip_addr());
    data.map(|address| address.to_string()).collect()
}
