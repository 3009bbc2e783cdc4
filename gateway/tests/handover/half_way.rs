//! A successor that is to end before it has all.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::ground::{Gateway, Ground, PATIENCE, get};
use crate::supervised::{Manager, under};
use crate::talk::{exchange, says};

/// Where a successor tells of itself alone: where both listen, either may answer.
const APART: &str = "--admin-address=127.0.0.2:0";

/// A client that has said half of its hello, which keeps the handover going, and the rest of it.
fn half_a_hello(ground: &Ground, gateway: &Gateway) -> (TcpStream, Vec<u8>) {
    let (half, rest) = ground.hello().split_at(40);
    let mut client = TcpStream::connect(gateway.address).unwrap();
    client.write_all(half).unwrap();
    holds(gateway, 2);
    (client, rest.to_vec())
}

/// Waits until it has so many connections.
fn holds(gateway: &Gateway, open: usize) {
    let deadline = Instant::now() + PATIENCE;
    let shown = format!("\"open\": {open}");
    while !get(gateway.admin, "/connections")
        .unwrap()
        .1
        .contains(&shown)
    {
        assert!(Instant::now() < deadline, "not {open} connections");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_a_successor_has_goes_back_where_it_is_told_to_end_half_way() {
    for signal in [Signal::TERM, Signal::INT] {
        let ground = Ground::prepare();
        let mut old = ground.gateway_with(&["--hello-timeout=40s"], |_| {});
        old.is_up();
        let (mut client, mut pod) = ground.connect(old.address);
        says(&mut client, &mut pod, b"before");
        let (mut other, rest) = half_a_hello(&ground, &old);
        // What it still has after that would be reset.
        let mut new = ground.gateway_with(&[APART, "--drain-lame-duck=1s"], |_| {});
        new.is_up();
        holds(&new, 1);
        new.signal(signal);
        let status = new.ended();
        let log = new.whole_log().join("\n");
        assert!(status.success(), "{log}");
        assert!(log.contains("no connection was cut"), "{log}");
        says(&mut client, &mut pod, b"after");
        says(&mut pod, &mut client, b"and back");
        let said = old.logged("no handover, this gateway goes on");
        let gave = format!("process {} ends itself", new.id());
        assert!(
            said.contains(&gave) && said.contains("has given back what it had (connections: 1)"),
            "{said}"
        );
        // Whoever was on the way is served, others come in, and the next one takes over all of them.
        other.write_all(&rest).unwrap();
        let mut its_pod = ground.accept();
        says(&mut other, &mut its_pod, b"whole");
        drop(ground.connect(old.address));
        let mut next = ground.gateway();
        old.was_succeeded();
        next.logged("took over from process");
        says(&mut client, &mut pod, b"at the end");
        says(&mut other, &mut its_pod, b"at the end");
    }
}

#[test]
fn bulk_passes_there_and_back_and_so_does_whoever_has_come_meanwhile() {
    let ground = Ground::prepare();
    let mut old = ground.gateway_with(&["--hello-timeout=40s"], |_| {});
    old.is_up();
    let (client, pod) = ground.connect(old.address);
    let enough = Arc::<AtomicBool>::default();
    let at_client = exchange(client, (1, 2), &enough);
    let at_pod = exchange(pod, (2, 1), &enough);
    let _waits = half_a_hello(&ground, &old);
    let mut new = ground.gateway_with(&[APART, "--drain-lame-duck=1s"], |_| {});
    new.is_up();
    holds(&new, 1);
    // Both have the socket; the old one accepts nobody while it hands over.
    let (mut other, mut its_pod) = ground.connect(old.address);
    holds(&new, 2);
    new.signal(Signal::TERM);
    assert!(new.ended().success());
    let said = old.logged("no handover, this gateway goes on");
    assert!(
        said.contains("has given back what it had (connections: 2)"),
        "{said}"
    );
    says(&mut other, &mut its_pod, b"still");
    enough.store(true, Ordering::Relaxed);
    let (client_sent, client_got) = at_client.join().unwrap();
    let (pod_sent, pod_got) = at_pod.join().unwrap();
    assert_eq!((client_sent, pod_sent), (pod_got, client_got));
}

#[test]
fn a_manager_is_not_told_that_the_service_ends_where_a_successor_does_half_way() {
    let ground = Ground::prepare();
    let manager = Manager::listen(&ground);
    let mut old = under(&ground, "one", &["--hello-timeout=40s"]);
    let _live = ground.connect(old.address);
    let _waits = half_a_hello(&ground, &old);
    let mut new = under(&ground, "one", &[APART, "--drain-lame-duck=1s"]);
    for _ in [&old, &new] {
        assert_eq!(manager.hears(), "READY=1\nSTATUS=serving");
    }
    new.signal(Signal::TERM);
    assert!(new.ended().success());
    old.logged("no handover, this gateway goes on");
    // What it hears next is of the one that goes on.
    old.signal(Signal::HUP);
    let next = manager.hears();
    assert!(next.starts_with("RELOADING=1"), "{next}");
}
