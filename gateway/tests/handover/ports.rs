//! Ports that a process has for a moment more which was killed.

use std::net::TcpListener;

use crate::ground::Ground;
use crate::talk::says;

#[test]
fn a_gateway_that_is_started_while_its_ports_are_in_use_has_them_once_they_are_free() {
    let ground = Ground::prepare();
    let held = ["--ready-address", "--listen"].map(|flag| {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        (format!("{flag}={}", held.local_addr().unwrap()), held)
    });
    let mut gateway = {
        let flags = [&held[0].0, &held[1].0].map(String::as_str);
        ground.gateway_with(&flags, |_| {})
    };
    for (flag, held) in held {
        let (_, address) = flag.split_once('=').unwrap();
        let said = gateway.logged("tried again for 3s");
        assert!(said.contains(address), "{said}");
        drop(held);
    }
    gateway.is_up();
    let (mut client, mut pod) = ground.connect(gateway.address);
    says(&mut client, &mut pod, b"served");
}
