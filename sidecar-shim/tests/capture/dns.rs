//! Questions to name servers: whose come to the resolver in the shim, and whose go out.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::own_namespace::alone;
use crate::pod::{POD_IPS, at, capture, dial, pod};
use crate::wire::{Wire, assert_leaves_the_pod_for};

/// Name servers of a cluster, beyond the pod's gateway; a node-local one; one of the pod's own.
const NAME_SERVERS: [(&str, &str); 5] = [
    ("10.96.0.10", "127.0.0.1"),
    ("169.254.20.10", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.1"),
    ("fd96::10", "::1"),
    ("::1", "::1"),
];
const PATIENCE: Duration = Duration::from_secs(5);

/// An app that has asked. It is connected, so that an answer from anywhere else would not come, and that
/// it is told where there is none.
async fn asks(server: SocketAddr) -> UdpSocket {
    let any = if server.is_ipv4() { "0.0.0.0" } else { "::" };
    let app = UdpSocket::bind(at(any, 0)).await.unwrap();
    app.connect(server).await.unwrap();
    app.send(b"question").await.unwrap();
    app
}

/// A question is seen on the wire.
async fn assert_question_leaves_the_pod_for(server: SocketAddr) {
    let wire = Wire::watch();
    let _app = asks(server).await;
    assert!(wire.went_to(server.ip()), "{server} was not asked");
}

/// What an app is told that nobody answers.
async fn asked_in_vain(server: SocketAddr) -> io::Error {
    let wire = Wire::watch();
    let app = asks(server).await;
    let told = timeout(PATIENCE, app.recv(&mut [0; 16])).await;
    assert!(!wire.went_to(server.ip()), "{server} was asked");
    told.expect("the app was not told at once").unwrap_err()
}

/// Where the resolver is told that it was asked, after which an answer comes back.
async fn ask_over_udp(server: SocketAddr, resolver: &UdpSocket) {
    let app = asks(server).await;
    let mut packet = [0; 16];
    let asked = timeout(PATIENCE, resolver.recv_from(&mut packet)).await;
    let (length, peer) = asked.expect("nothing reached the resolver").unwrap();
    assert_eq!(&packet[..length], b"question");
    resolver.send_to(b"answer", peer).await.unwrap();
    let length = timeout(PATIENCE, app.recv(&mut packet))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&packet[..length], b"answer");
}

#[test]
fn a_question_over_udp_reaches_the_resolver_and_the_answer_is_the_name_servers() {
    alone(async || {
        pod().await;
        capture("lay --dns");
        for (server, own) in NAME_SERVERS {
            let resolver = UdpSocket::bind(at(own, 15053)).await.unwrap();
            ask_over_udp(at(server, 53), &resolver).await;
        }
    });
}

#[test]
fn a_question_over_tcp_reaches_the_resolver() {
    alone(async || {
        pod().await;
        capture("lay --dns --dns-port 5353");
        for (server, own) in NAME_SERVERS {
            let resolver = TcpListener::bind(at(own, 5353)).await.unwrap();
            let (app, accepted) = tokio::join!(dial(at(server, 53)), resolver.accept());
            let (mut app, mut accepted): (TcpStream, TcpStream) =
                (app.unwrap(), accepted.unwrap().0);
            assert_eq!(app.peer_addr().unwrap(), at(server, 53));
            accepted.write_all(b"answer").await.unwrap();
            let mut answer = [0; 6];
            app.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"answer");
        }
    });
}

#[test]
fn what_the_shim_asks_goes_out() {
    alone(async || {
        pod().await;
        // Inside, the test is uid 0.
        capture("lay --dns --shim-uid 0");
        let _resolver = TcpListener::bind("[::]:15053").await.unwrap();
        for server in ["10.96.0.10", "fd96::10"] {
            assert_leaves_the_pod_for(at(server, 53)).await;
            assert_question_leaves_the_pod_for(at(server, 53)).await;
        }
    });
}

#[test]
fn a_resolver_that_is_down_means_refused_at_once() {
    alone(async || {
        pod().await;
        capture("lay --dns");
        for server in ["10.96.0.10", "fd96::10"] {
            let error = dial(at(server, 53)).await.expect_err(server);
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{server}");
            let error = asked_in_vain(at(server, 53)).await;
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{server}");
        }
    });
}

#[test]
fn other_ports_and_pods_without_the_flag_are_left_alone() {
    alone(async || {
        pod().await;
        capture("lay --dns");
        for server in ["10.96.0.10", "fd96::10"] {
            assert_leaves_the_pod_for(at(server, 5353)).await;
            assert_question_leaves_the_pod_for(at(server, 5353)).await;
        }
        let own = UdpSocket::bind(at(POD_IPS[0], 54)).await.unwrap();
        ask_over_udp(at(POD_IPS[0], 54), &own).await;
        capture("lay");
        for server in ["10.96.0.10", "fd96::10"] {
            assert_leaves_the_pod_for(at(server, 53)).await;
            assert_question_leaves_the_pod_for(at(server, 53)).await;
        }
    });
}
