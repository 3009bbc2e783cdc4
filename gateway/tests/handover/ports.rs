//! Ports that a process has for a moment more which was killed.

use std::net::{SocketAddr, TcpListener};

use crate::ground::{Gateway, Ground};
use crate::talk::says;

/// A gateway that has met its ports in use, one after the other, and had both; none where its time was over before.
fn once_free(ground: &Ground) -> Option<(Gateway, SocketAddr)> {
    let held = ["--ready-address", "--listen"].map(|flag| {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        (format!("{flag}={address}"), address, held)
    });
    let [_, (_, listen, _)] = held;
    let mut gateway = {
        let flags = [&held[0].0, &held[1].0].map(String::as_str);
        ground.gateway_with(&flags, |_| {})
    };
    for (_, address, held) in held {
        let said = gateway.logged_before_the_end("tried again for 3s")?;
        assert!(said.contains(&address.to_string()), "{said}");
        drop(held);
    }
    gateway.logged_before_the_end("gateway listens on ")?;
    gateway.logged("readiness: ready");
    Some((gateway, listen))
}

#[test]
fn a_gateway_that_is_started_while_its_ports_are_in_use_has_them_once_they_are_free() {
    let ground = Ground::prepare();
    // Its three seconds may be over before it is noticed that it waits, where the machine is busy.
    let had = (0..5).find_map(|_| once_free(&ground));
    let (_gateway, listen) = had.expect("five gateways had no ports");
    let (mut client, mut pod) = ground.connect(listen);
    says(&mut client, &mut pod, b"served");
}
