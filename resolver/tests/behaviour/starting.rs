//! Starts that are refused, and what they say.

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use eastwest_resolver::{config::ResolverConfig, server::Resolver};
use hickory_proto::rr::RecordType;
use tokio::net::{TcpListener, UdpSocket};

use crate::{
    ask::{addresses, question, tcp, udp},
    fake_upstream::FakeUpstream,
    running::{ALIAS, ALIAS_V4, config, start_with, table},
};

fn refusal(config: &ResolverConfig) -> String {
    match Resolver::bind(config, Arc::new(ArcSwap::from_pointee(table()))) {
        Ok(bound) => panic!("bound to {:?}", bound.addresses()),
        Err(error) => error.to_string(),
    }
}

fn listening_on(address: SocketAddr) -> ResolverConfig {
    let mut config = config(&[]);
    config.listen = vec![address];
    config
}

#[tokio::test]
async fn a_udp_port_in_use_is_named_with_what_to_do() {
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let port = address.port();
    assert_eq!(
        refusal(&listening_on(address)),
        format!(
            "cannot take DNS questions on 127.0.0.1:{port} over UDP: another process has port \
             {port} (often systemd-resolved or dnsmasq; `ss -lntup 'sport = :{port}'` names it). \
             Stop it, or listen on an address that it has not taken, for example 127.0.0.2:{port}"
        )
    );
}

#[tokio::test]
async fn a_tcp_port_in_use_says_that_it_is_tcp() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let text = refusal(&listening_on(address));
    assert!(
        text.starts_with(&format!(
            "cannot take DNS questions on {address} over TCP: "
        )),
        "{text}"
    );
}

#[tokio::test]
async fn an_address_of_another_host_is_named() {
    let text = refusal(&listening_on("192.0.2.1:53".parse().unwrap()));
    let expected = "no interface of this host or pod has the address 192.0.2.1";
    assert!(text.ends_with(expected), "{text}");
}

#[tokio::test]
async fn no_address_at_all_is_refused() {
    let mut config = config(&[]);
    config.listen.clear();
    assert_eq!(
        refusal(&config),
        "no address to take DNS questions on was given"
    );
}

/// What comes of a start on a port that nobody else has. One that was free a moment ago may be somebody
/// else's by then, a test's beside this one for instance: so several are tried.
async fn on_a_free_port(config: impl Fn(u16) -> ResolverConfig) -> (u16, Result<(), String>) {
    let mut outcome = (0, Err("no port was free".to_owned()));
    for _ in 0..10 {
        let port = UdpSocket::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let bound = Resolver::bind(&config(port), Arc::new(ArcSwap::from_pointee(table())));
        outcome = (port, bound.map(drop).map_err(|error| error.to_string()));
        match &outcome.1 {
            Err(error) if error.contains("another process has port") => {}
            _ => break,
        }
    }
    outcome
}

/// A resolver that listens there, and asks that name server.
fn asking(listen: [u8; 4], upstream: [u8; 4]) -> impl Fn(u16) -> ResolverConfig {
    move |port| {
        let mut config = listening_on(SocketAddr::from((listen, port)));
        config.forwarding.upstreams = vec![SocketAddr::from((upstream, port))];
        config
    }
}

#[tokio::test]
async fn an_upstream_that_is_the_resolver_itself_is_refused() {
    let itself = asking([127, 0, 0, 1], [127, 0, 0, 1]);
    let (port, outcome) = on_a_free_port(itself).await;
    assert_eq!(
        outcome,
        Err(format!(
            "the name server 127.0.0.1:{port} is this resolver itself (it listens on \
             127.0.0.1:{port}): questions would go round in circles. In a pod, the cluster's own DNS \
             is the Service kube-dns in namespace kube-system; give its address instead"
        ))
    );
}

#[tokio::test]
async fn an_upstream_on_this_host_is_the_resolver_itself_if_it_listens_on_all_addresses() {
    let (port, outcome) = on_a_free_port(asking([0, 0, 0, 0], [127, 0, 0, 5])).await;
    let refusal = outcome.unwrap_err();
    let expected = format!("127.0.0.5:{port} is this resolver itself");
    assert!(refusal.contains(&expected), "{refusal}");
}

#[tokio::test]
async fn the_same_port_of_another_host_is_no_loop() {
    let (_, outcome) = on_a_free_port(asking([0, 0, 0, 0], [192, 0, 2, 1])).await;
    assert_eq!(outcome, Ok(()));
}

#[tokio::test]
async fn port_0_is_one_port_for_both_transports() {
    let resolver = start_with(&config(&[]));
    let asked = question(ALIAS, RecordType::A);
    assert_eq!(addresses(&udp(resolver.address, &asked).await), [ALIAS_V4]);
    assert_eq!(addresses(&tcp(resolver.address, &asked).await), [ALIAS_V4]);
}

/// Each of 127.0.0.0/8 is an address of this host, and the route back prefers 127.0.0.1. The client
/// is connected: it gets nothing that does not come from the address that it asked.
#[tokio::test]
async fn bound_to_all_addresses_it_answers_from_the_one_that_was_asked() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let mut config = config(&[upstream.address]);
    for (all, asked) in [
        ("0.0.0.0:0", "127.0.0.7"),
        ("[::]:0", "127.0.0.7"),
        ("[::]:0", "::1"),
    ] {
        config.listen = vec![all.parse().unwrap()];
        let resolver = start_with(&config);
        let asked = SocketAddr::new(asked.parse().unwrap(), resolver.address.port());
        let alias = udp(asked, &question(ALIAS, RecordType::A)).await;
        assert_eq!(addresses(&alias), [ALIAS_V4], "{all}");
        let other = udp(asked, &question("www.example.com.", RecordType::A)).await;
        assert_eq!(addresses(&other), ["192.0.2.1"], "{all}");
    }
}

#[tokio::test]
async fn several_addresses_are_served() {
    let mut config = config(&[]);
    config.listen = vec![
        "127.0.0.1:0".parse().unwrap(),
        "127.0.0.9:0".parse().unwrap(),
    ];
    let bound = Resolver::bind(&config, Arc::new(ArcSwap::from_pointee(table()))).unwrap();
    let listening = bound.addresses();
    tokio::spawn(bound.serve(Default::default()));
    for address in listening {
        let answer = udp(address, &question(ALIAS, RecordType::A)).await;
        assert_eq!(addresses(&answer), [ALIAS_V4], "{address}");
    }
}
