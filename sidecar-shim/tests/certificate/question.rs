//! A question for the IPv4 addresses of a name, as an app's (RFC 1035 section 4.1).

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// The answer, from its header on.
pub(crate) fn ask(name: &str, server: SocketAddr, patience: Duration) -> [u8; 512] {
    let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send_to(&question, server).unwrap();
    let mut answer = [0; 512];
    socket.recv(&mut answer).unwrap();
    answer
}
