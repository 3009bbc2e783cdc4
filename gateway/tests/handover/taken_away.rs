//! The socket at which gateways meet is taken away by hand.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;

use crate::ground::Ground;
use crate::talk::says;

#[test]
fn a_gateway_whose_socket_is_taken_away_makes_it_anew_and_is_succeeded() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let place = ground.path("handover.sock");
    fs::remove_file(&place).unwrap();
    let said = old.logged("was taken away, and is made anew");
    assert!(said.contains(" WARN ") && said.contains(&place), "{said}");
    assert!(
        fs::symlink_metadata(&place)
            .unwrap()
            .file_type()
            .is_socket()
    );
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    // And so does whoever was given it.
    fs::remove_file(&place).unwrap();
    new.logged("was taken away, and is made anew");
    let mut next = ground.gateway();
    new.was_succeeded();
    next.logged("took over from process");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_new_gateway_that_finds_the_port_in_use_and_no_socket_waits_for_it_and_takes_over() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let listen = format!("--listen={}", old.address);
    fs::remove_file(ground.path("handover.sock")).unwrap();
    let mut new = ground.gateway_with(&[&listen], |_| {});
    old.was_succeeded();
    new.logged("took over from process");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_port_that_somebody_else_has_is_said_to_be_no_gateway_s() {
    let ground = Ground::prepare();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", other.local_addr().unwrap());
    let mut new = ground.gateway_with(&[&listen], |_| {});
    let said = new.logged("there is no handover socket at");
    assert!(said.contains(&ground.path("handover.sock")), "{said}");
    new.logged("has made no handover socket at");
    assert_eq!(new.ended().code(), Some(1));
}
