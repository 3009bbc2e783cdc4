//! Gateways that say one thing each.

use std::time::Duration;

use eastwest_transport::client_hello;
use eastwest_transport::tls::{IdentityFiles, ServerAlpn, accept};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;
use crate::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};

pub(in crate::doctor) fn identity() -> (TempDir, Identity) {
    let dir = tempfile::tempdir().unwrap();
    let validity = valid_for(Duration::from_secs(3600));
    let root = Ca::root("root", KeyKind::default(), validity).unwrap();
    let request = WorkloadRequest {
        id: "spiffe://td/ns/demo/sa/app".parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::default(),
        validity,
    };
    let issued = root.workload(&request).unwrap();
    issued.write(dir.path(), Overwrite::Replace).unwrap();
    let files = IdentityFiles::in_dir(dir.path()).unwrap();
    let identity = Identity::load(&files, std::time::SystemTime::now()).unwrap();
    (dir, identity)
}

/// Longer than a word takes on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// A gateway that answers each ClientHello with these bytes, and hangs up.
pub(in crate::doctor) async fn saying(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            // All of it: a close with something unread is a reset.
            client_hello::read(&mut tcp, &mut Vec::new()).await.unwrap();
            tcp.write_all(bytes).await.unwrap();
        }
    });
    address
}

/// What is made of it.
async fn answering(bytes: &'static [u8]) -> Result<(Refusal, Look), Fault> {
    let (_dir, identity) = identity();
    let greeted = greet(&identity, saying(bytes).await, LONG).await;
    greeted.map_err(|broken| broken.fault)
}

/// What is made of a gateway that answers what this says of the length of each hello, and of the number of the
/// connection, and holds its peace otherwise.
async fn deciding(
    answer: impl Fn(usize, usize) -> Option<&'static [u8]> + Send + 'static,
) -> Result<(Refusal, Look), Fault> {
    let (_dir, identity) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        for number in 0.. {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            client_hello::read(&mut tcp, &mut read).await.unwrap();
            match answer(number, read.len()) {
                Some(bytes) => tcp.write_all(bytes).await.unwrap(),
                None => held.push(tcp),
            }
        }
    });
    let greeted = greet(&identity, address, WORD).await;
    greeted.map_err(|broken| broken.fault)
}

/// Whether one of five such gateways is judged so: where the machine is busy, a word of theirs may be late.
async fn is_judged(
    answer: impl Fn(usize, usize) -> Option<&'static [u8]> + Copy + Send + 'static,
    so: Result<(Refusal, Look), Fault>,
) -> bool {
    for _ in 0..5 {
        if deciding(answer).await == so {
            return true;
        }
    }
    false
}

const NO_SUCH_NAME: &[u8] = &[21, 3, 3, 0, 2, 2, 112];
/// What fits into a packet anywhere.
const SMALL: usize = 500;

#[tokio::test]
async fn one_that_answers_small_hellos_alone_is_behind_a_black_hole() {
    let small_ones = |_, length| (length < SMALL).then_some(NO_SUCH_NAME);
    assert!(is_judged(small_ones, Err(Fault::MtuBlackHole)).await);
    // Whoever closes has not said that he has read anything.
    let closed = deciding(|_, length| (length < SMALL).then_some(&[])).await;
    assert_eq!(closed, Err(Fault::GatewaySilent));
}

#[tokio::test]
async fn one_that_is_slow_at_first_is_behind_no_black_hole() {
    let later_ones = |number, _| (number > 0).then_some(NO_SUCH_NAME);
    let ours = Look::fine("a gateway of ours answers");
    assert!(is_judged(later_ones, Ok((Refusal::Says, ours))).await);
}

#[tokio::test]
async fn one_of_ours_whose_connection_breaks_once_is_not_taken_for_istios() {
    let breaks_once = |number, _| match number {
        0 => Some(&[][..]),
        _ => Some(NO_SUCH_NAME),
    };
    let ours = Look::fine("a gateway of ours answers");
    assert!(is_judged(breaks_once, Ok((Refusal::Says, ours))).await);
}

#[tokio::test]
async fn gateways_are_known_by_what_they_say_of_a_name_that_nobody_exports() {
    let ours = answering(NO_SUCH_NAME).await.unwrap();
    let look = Look::fine("a gateway of ours answers");
    assert_eq!(ours, (Refusal::Says, look));
    let istios = answering(&[]).await.unwrap();
    let (Refusal::HangsUp, Look::Skipped(seen)) = istios else {
        panic!("{istios:?}")
    };
    assert!(seen.contains("Istio's"), "{seen}");
}

#[tokio::test]
async fn one_that_does_not_know_our_protocol_is_another_server_or_does_not_see_it() {
    let said = answering(&[21, 3, 3, 0, 2, 2, 120]).await;
    assert_eq!(said, Err(Fault::AlpnRefused));
}

#[tokio::test]
async fn what_speaks_something_else_is_none() {
    let said = answering(b"SSH-2.0-OpenSSH_9.2\r\n").await;
    assert_eq!(said, Err(Fault::GatewayNotTls));
}

/// Whoever is slow to say all of it has said something: no large packet is lost.
#[tokio::test]
async fn half_an_answer_is_no_black_hole() {
    let (_dir, identity) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            if client_hello::read(&mut tcp, &mut read).await.is_ok() {
                tcp.write_all(&[21, 3, 3]).await.unwrap();
            }
            held.push(tcp);
        }
    });
    let broken = greet(&identity, address, WORD).await.unwrap_err();
    assert_eq!(broken.fault, Fault::GatewaySilent);
    assert!(
        broken.seen.starts_with("it says 3 bytes"),
        "{}",
        broken.seen
    );
}

#[tokio::test]
async fn one_that_makes_the_handshake_itself_ends_tls() {
    let (_dir, ours) = identity();
    let (_other, theirs) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let config = theirs.server_config(Arc::new(Nobody), MinTls::Tls13, ServerAlpn::Istio);
        let _ = accept(config.unwrap(), &mut tcp, Vec::new()).await;
    });
    let broken = greet(&ours, address, LONG).await.unwrap_err();
    assert_eq!(broken.fault, Fault::GatewayEndsTls, "{}", broken.seen);
}
