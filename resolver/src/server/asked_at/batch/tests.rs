use std::time::Duration;

use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn bound(address: &str) -> (AnsweringSocket, SocketAddr) {
    let socket = std::net::UdpSocket::bind(address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let at = socket.local_addr().unwrap();
    (AnsweringSocket::new(socket).unwrap(), at)
}

async fn received(socket: &AnsweringSocket) -> Vec<(Vec<u8>, Ends)> {
    let mut arrived = Arrived::new();
    let received = timeout(PATIENCE, socket.receive(&mut arrived)).await;
    received.unwrap().unwrap();
    let datagrams = arrived.iter();
    datagrams
        .map(|(octets, ends)| (octets.to_vec(), ends))
        .collect()
}

#[tokio::test]
async fn what_waits_is_received_together_up_to_a_bound_and_in_order() {
    let (socket, at) = bound("127.0.0.1:0");
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let count = u8::try_from(AT_ONCE).unwrap() + 3;
    for number in 0..count {
        client.send_to(&[number], at).unwrap();
    }
    let first = received(&socket).await;
    assert_eq!(first.len(), AT_ONCE);
    let rest = received(&socket).await;
    let numbers = first.iter().chain(&rest).map(|(octets, _)| octets.clone());
    assert!(numbers.eq((0..count).map(|number| vec![number])));
    // And what comes after all were taken is heard of.
    client.send_to(b"late", at).unwrap();
    assert_eq!(received(&socket).await[0].0, b"late");
}

#[tokio::test]
async fn an_answer_that_cannot_be_sent_does_not_keep_back_the_others() {
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let (socket, at) = bound(address);
        let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.connect(("127.0.0.1", at.port())).unwrap();
        client.send(b"asked").unwrap();
        let (_, ends) = received(&socket).await[0];
        // Broadcasting has to be allowed first.
        let refused = Ends {
            peer: SocketAddr::from(([255, 255, 255, 255], 53)),
            ..ends
        };
        let answers = [(b"1", ends), (b"x", refused), (b"2", ends), (b"3", ends)];
        socket.send_all(&answers).await.unwrap();
        for expected in [b"1", b"2", b"3"] {
            let mut octets = [0; 1];
            client.recv(&mut octets).unwrap();
            assert_eq!(&octets, expected, "{address}");
        }
    }
}
