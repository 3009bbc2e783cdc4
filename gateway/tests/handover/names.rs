//! A name server, and what a client says first.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Says of every name that it is at 127.0.0.1.
pub(crate) fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            let _ = socket.send_to(&answer(&question[..length]), from);
        }
    });
    address
}

/// RFC 1035 section 4.1: the header, the one question, and for type A one record.
fn answer(question: &[u8]) -> Vec<u8> {
    let name = question[12..].iter().position(|byte| *byte == 0).unwrap();
    let end = 12 + name + 1 + 4;
    let is_a = question[end - 4..end - 2] == [0, 1];
    let mut answer = question[..end].to_vec();
    answer[2..12].copy_from_slice(&[0x85, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    if is_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

/// A ClientHello for this name.
pub(crate) fn hello(sni: &str) -> Vec<u8> {
    let config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = sni.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}
