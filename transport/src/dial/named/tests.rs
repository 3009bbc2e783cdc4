use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use tokio::net::{TcpListener, UdpSocket};

use super::*;

const HOST: &str = "db-pxc-0.db-pxc.pxc.svc.cluster.local";

/// What a name server says of [`HOST`], and how often it was asked for its IPv4 address.
#[derive(Default)]
struct Zone {
    /// 127.0.0.x; 0 is SERVFAIL, 255 NXDOMAIN, 254 no answer at all.
    last: AtomicUsize,
    ttl: AtomicU32,
    asked: AtomicUsize,
}

impl Zone {
    fn says(&self, last: usize) {
        self.last.store(last, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn dialer(last: usize, ttl: u32) -> (Arc<Zone>, NamedDialer) {
    let zone = Arc::new(Zone::default());
    zone.says(last);
    zone.ttl.store(ttl, Ordering::SeqCst);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let servers = NameServers::at(&[socket.local_addr().unwrap()]).unwrap();
    let serving = Arc::clone(&zone);
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((_, peer)) = socket.recv_from(&mut packet).await {
            let root = 12 + packet[12..].iter().position(|&byte| byte == 0).unwrap();
            let mut reply = packet[..root + 5].to_vec();
            reply[2..4].copy_from_slice(&[0x81, 0x80]);
            reply[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
            let last = serving.last.load(Ordering::SeqCst);
            match u8::try_from(last).unwrap() {
                0 => reply[3] |= 2,
                255 => reply[3] |= 3,
                254 => continue,
                // A question for IPv6 has no answer.
                _ if packet[root + 2] == 28 => {}
                last => {
                    serving.asked.fetch_add(1, Ordering::SeqCst);
                    reply[7] = 1;
                    reply.extend([0xc0, 12, 0, 1, 0, 1]);
                    reply.extend(serving.ttl.load(Ordering::SeqCst).to_be_bytes());
                    reply.extend([0, 4, 127, 0, 0, last]);
                }
            }
            let _ = socket.send_to(&reply, peer).await;
        }
    });
    (zone, NamedDialer::new(servers, SocketOptions::standard()))
}

async fn listener(address: &str) -> (TcpListener, u16) {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn patient() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test]
async fn an_answer_is_used_again_while_it_lasts() {
    let (_app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 30).await;
    for _ in 0..3 {
        let dialled = dialer.dial(HOST, port, patient()).await.unwrap();
        assert_eq!(dialled.address, SocketAddr::from(([127, 0, 0, 1], port)));
    }
    assert_eq!(zone.asked(), 1);
}

#[tokio::test]
async fn an_answer_that_lasts_no_time_is_asked_for_each_time() {
    let (_app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 0).await;
    for _ in 0..3 {
        dialer.dial(HOST, port, patient()).await.unwrap();
    }
    assert_eq!(zone.asked(), 3);
}

#[tokio::test]
async fn a_pod_that_moved_is_found_by_the_next_dial() {
    let (app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 30).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    drop(app);
    let _moved = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    zone.says(2);
    let dialled = dialer.dial(HOST, port, patient()).await.unwrap();
    assert_eq!(dialled.address.ip(), IpAddr::from([127, 0, 0, 2]));
}

#[tokio::test]
async fn a_pod_whose_old_address_is_silent_is_found_by_the_next_dial() {
    // A full queue drops SYNs.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = socket.listen(1).unwrap();
    let port = silent.local_addr().unwrap().port();
    let (zone, dialer) = dialer(1, 30).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        let connecting = tokio::net::TcpStream::connect(("127.0.0.1", port));
        held.push(timeout(Duration::from_millis(50), connecting).await);
    }
    let _moved = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    zone.says(2);
    let dialled = dialer.dial(HOST, port, patient()).await.unwrap();
    assert_eq!(dialled.address.ip(), IpAddr::from([127, 0, 0, 2]));
}

#[tokio::test]
async fn a_pod_whose_record_follows_later_is_found_by_the_dial_that_waits() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = socket.listen(1).unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut held = Vec::new();
    for _ in 0..8 {
        let connecting = tokio::net::TcpStream::connect(("127.0.0.1", port));
        held.push(timeout(Duration::from_millis(50), connecting).await);
    }
    let _moved = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let (zone, dialer) = dialer(1, 30).await;
    let later = Arc::clone(&zone);
    tokio::spawn(async move {
        tokio::time::sleep(AGAIN / 2).await;
        later.says(2);
    });
    let begun = Instant::now();
    let dialled = dialer.dial(HOST, port, patient()).await.unwrap();
    assert_eq!(dialled.address.ip(), IpAddr::from([127, 0, 0, 2]));
    assert!(begun.elapsed() < AGAIN * 2, "{:?}", begun.elapsed());
    assert_eq!(zone.asked(), 2);
}

#[tokio::test]
async fn a_pod_that_refuses_is_said_to_even_if_it_was_known() {
    let (app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 30).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    drop(app);
    let error = dialer.dial(HOST, port, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::DialRefused, "{error}");
    assert_eq!(zone.asked(), 2);
}

#[tokio::test]
async fn the_last_answer_outlives_name_servers_that_fail() {
    let (_app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 0).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    zone.says(0);
    dialer.dial(HOST, port, patient()).await.unwrap();
    // That there is no such name is an answer.
    zone.says(255);
    let error = dialer.dial(HOST, port, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameNotFound, "{error}");
    zone.says(0);
    let error = dialer.dial(HOST, port, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
}

#[tokio::test]
async fn an_old_answer_does_not_outlive_them_for_ever() {
    let (_app, port) = listener("127.0.0.1:0").await;
    let (zone, dialer) = dialer(1, 0).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    zone.says(0);
    let long_ago = Instant::now() - LAST - Duration::from_secs(1);
    for known in dialer.lock().values_mut() {
        known.until = long_ago;
    }
    let error = dialer.dial(HOST, port, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
}

#[tokio::test]
async fn an_address_that_answers_late_does_not_wait_for_the_name_servers() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let slow = socket.listen(1).unwrap();
    let port = slow.local_addr().unwrap().port();
    let (zone, dialer) = dialer(1, 30).await;
    dialer.dial(HOST, port, patient()).await.unwrap();
    zone.says(254);
    // Full until something is accepted, after which the SYN that Linux repeats gets through.
    let mut held = Vec::new();
    for _ in 0..4 {
        let connecting = tokio::net::TcpStream::connect(("127.0.0.1", port));
        held.push(timeout(Duration::from_millis(50), connecting).await);
    }
    tokio::spawn(async move {
        tokio::time::sleep(AT_ONCE * 2).await;
        while let Ok(accepted) = slow.accept().await {
            drop(accepted);
        }
    });
    // Half of this is what the name servers would be waited for.
    let deadline = Instant::now() + Duration::from_secs(40);
    let dialling = dialer.dial(HOST, port, deadline);
    let dialled = timeout(Duration::from_secs(15), dialling).await;
    dialled.expect("waited for the name servers").unwrap();
}
