//! A gateway that could have been succeeded, and ends without.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::ground::Ground;
use crate::talk::says;

/// Less than the time in which what is open may go on.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn a_gateway_that_drains_refuses_who_comes_and_leaves_its_port_to_another() {
    let ground = Ground::prepare();
    let mut old = ground.gateway_with(&["--drain-lame-duck=0s"], |_| {});
    old.is_up();
    let (mut client, mut pod) = ground.connect(old.address);
    old.signal(Signal::TERM);
    let deadline = Instant::now() + SOON;
    let refused = loop {
        match TcpStream::connect(old.address) {
            Err(error) => break error,
            Ok(_) => assert!(Instant::now() < deadline, "still accepted"),
        }
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let listen = format!("--listen={}", old.address);
    let mut new = ground.gateway_with(&[&listen], |_| {});
    new.is_up();
    says(&mut client, &mut pod, b"still");
    drop(ground.connect(new.address));
}
