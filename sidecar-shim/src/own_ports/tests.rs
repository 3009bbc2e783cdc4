use std::net::TcpListener;

use super::*;

const NOBODYS: fn(SocketAddr) -> bool = |_| false;

fn listen(at: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(at).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn why_not(port: u16) -> Option<String> {
    let mut ports = OwnPorts::new([port], Unowned::AtOnce);
    ports.look(NOBODYS);
    ports.why_not(port)
}

#[test]
fn whoever_listens_is_found_at_its_address() {
    for at in [
        "127.0.0.1:0",
        "127.9.8.7:0",
        "0.0.0.0:0",
        "[::1]:0",
        "[::]:0",
    ] {
        let (_listener, address) = listen(at);
        assert!(listening().unwrap().contains(&address), "{at}");
    }
}

#[test]
fn there_is_room_only_beside_a_server_at_addresses_of_its_own() {
    for at in ["127.0.0.1:0", "[::1]:0"] {
        let (listener, address) = listen(at);
        assert_eq!(why_not(address.port()), None, "{at}");
        drop(listener);
        assert!(
            why_not(address.port())
                .unwrap()
                .contains("does not listen yet"),
            "{at}"
        );
    }
    for at in ["0.0.0.0:0", "[::]:0"] {
        let (_listener, address) = listen(at);
        let said = why_not(address.port()).unwrap();
        assert!(
            said.contains("has port") && said.contains("of all addresses"),
            "{said}"
        );
        assert!(OwnPorts::is_taken_whole(address.port()));
    }
}

#[test]
fn the_shims_own_listeners_do_not_count() {
    let (_server, at) = listen("127.0.0.1:0");
    let shims = SocketAddr::from(([127, 64, 0, 9], at.port()));
    let _shim = TcpListener::bind(shims).unwrap();
    let mut ports = OwnPorts::new([at.port()], Unowned::AtOnce);
    assert!(ports.look(|address| address == shims));
    assert_eq!(ports.why_not(at.port()), None);
    assert!(
        !ports.look(|address| address == shims),
        "nothing has changed"
    );
    assert!(ports.look(|address| address == shims || address == at));
    assert!(ports.why_not(at.port()).is_some(), "only the shim is there");
}

#[test]
fn ports_that_nobody_owns_are_free() {
    let mut ports = OwnPorts::new([], Unowned::AtOnce);
    assert!(!ports.look(NOBODYS));
    assert_eq!(ports.why_not(3306), None);
    assert!(ports.add(3306));
    assert!(!ports.add(3306));
    assert!(ports.why_not(3306).is_some());
}

#[test]
fn before_an_alias_is_asked_for_what_nobody_has_is_left_free_and_what_a_server_has_is_its() {
    let (_server, at) = listen("127.0.0.1:0");
    let (_experiment, elsewhere) = listen("127.9.8.7:0");
    let (_probes, probes) = listen("127.0.0.1:0");
    let (gone, free) = listen("127.0.0.1:0");
    drop(gone);
    let mut ports = OwnPorts::new([], Unowned::WhenAsked).with_shims([probes]);
    let aliases = [at, elsewhere, probes, free].map(|at| {
        let ip = IpAddr::from([127, 64, 0, 10]);
        SocketAddr::new(ip, at.port())
    });
    assert_eq!(ports.learn(aliases.into_iter()), [at.port()]);
    assert!(ports.learn(aliases.into_iter()).is_empty(), "it is known");
    ports.look(NOBODYS);
    assert_eq!(ports.claim(free.port()), Claim::NotYet);
    assert_eq!(ports.claim(at.port()), Claim::Take);
    ports.asked();
    ports.look(NOBODYS);
    assert_eq!(ports.claim(free.port()), Claim::Take);
}

/// proc_net_tcp(5) of a machine with 40 connections behind its listeners.
#[test]
fn connections_are_not_read() {
    let line =
        |at: &str, state: &str| format!("   0: {at} 00000000:0000 {state} 00000000:00000000 0\n");
    let mut table = "  sl  local_address rem_address   st\n".to_owned();
    table += &line("0100007F:0CEA", LISTEN);
    table += &line("00000000000000000000000001000000:0CEB", LISTEN);
    table += &line("0200007F:0CEA", "01");
    table += &line("0300007F:0CEA", LISTEN);
    let mut found = Vec::new();
    read(table.as_bytes(), &mut found).unwrap();
    assert_eq!(
        found,
        ["127.0.0.1:3306", "[::1]:3307"].map(|at| at.parse().unwrap())
    );
}

#[test]
fn what_is_no_address_is_passed_over() {
    for text in [
        "",
        ":",
        "0100007F",
        "0100007F:",
        "0100007:0CEA",
        "0100007G:0CEA",
        "é100007F:0CEA",
    ] {
        assert_eq!(address(text), None, "{text}");
    }
}
