//! What reaches the shim, and what it is told about where that was going.

use eastwest_shim::original_dst::{OriginalDstError, original_dst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::own_namespace::alone;
use crate::pod::{Database, POD_IPS, Shim, VIRTUAL_IPS, add_local_route, at, capture, dial, pod};
use crate::wire::assert_leaves_the_pod;

#[test]
fn a_virtual_ipv4_reaches_the_shim_with_its_original_destination() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("127.0.0.1:15001").await;
        let to = at("240.240.0.5", 3306);
        assert_eq!(shim.original_dst_of(to).await, to);
    });
}

#[test]
fn a_virtual_ipv6_reaches_the_shim_with_its_original_destination() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("[::1]:15001").await;
        let to = at("fd24:240::5", 3306);
        assert_eq!(shim.original_dst_of(to).await, to);
    });
}

#[test]
fn a_dual_stack_listener_is_told_both_families_plainly() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("[::]:15001").await;
        for ip in VIRTUAL_IPS {
            assert_eq!(shim.original_dst_of(at(ip, 3306)).await, at(ip, 3306));
        }
    });
}

#[test]
fn any_port_of_any_virtual_ip_is_left_to_the_shim() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("[::]:15001").await;
        for to in [
            at("240.240.0.0", 1),
            at("240.240.255.255", 65535),
            at("240.240.7.7", 15001),
            at("fd24:240:ffff:ffff:ffff:ffff:ffff:ffff", 22),
        ] {
            assert_eq!(shim.original_dst_of(to).await, to);
        }
    });
}

#[test]
fn bytes_pass_both_ways_and_the_server_may_speak_first() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("[::]:15001").await;
        for ip in VIRTUAL_IPS {
            let (mut app, mut shim) = shim.take(at(ip, 3306)).await;
            let mut bytes = [0; 5];
            shim.write_all(b"hello").await.unwrap();
            app.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"hello");
            app.write_all(b"query").await.unwrap();
            shim.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"query");
        }
    });
}

#[test]
fn a_database_on_all_addresses_sees_nothing_of_it() {
    alone(async || {
        pod().await;
        let database = Database::listen();
        capture("lay");
        let shim = Shim::listen("[::]:15001").await;
        for ip in VIRTUAL_IPS {
            shim.take(at(ip, 3306)).await;
        }
        assert_eq!(database.visitors(), []);
    });
}

#[test]
fn what_is_not_virtual_is_left_alone() {
    alone(async || {
        pod().await;
        let database = Database::listen();
        capture("lay");
        for ip in POD_IPS.into_iter().chain(["127.0.0.1", "::1"]) {
            dial(at(ip, 3306)).await.unwrap();
            assert_eq!(database.visitors().len(), 1, "{ip}");
        }
    });
}

#[test]
fn only_the_ranges_given_are_taken() {
    alone(async || {
        pod().await;
        capture("lay --range 10.250.0.0/20 --outbound-port 15101");
        let shim = Shim::listen("127.0.0.1:15101").await;
        let to = at("10.250.15.255", 3306);
        assert_eq!(shim.original_dst_of(to).await, to);
        assert_leaves_the_pod("240.240.0.5").await;
    });
}

#[test]
fn dialling_the_shim_itself_is_told_from_a_redirect() {
    alone(async || {
        pod().await;
        capture("lay");
        let shim = Shim::listen("[::]:15001").await;
        for ip in POD_IPS.into_iter().chain(["127.0.0.1", "::1"]) {
            let (_app, accepted) = shim.take(at(ip, 15001)).await;
            match original_dst(&accepted) {
                Err(OriginalDstError::NotRedirected { local }) => assert_eq!(local, at(ip, 15001)),
                other => panic!("{ip}: {other:?}"),
            }
        }
    });
}

#[test]
fn answers_get_through_even_where_somebody_laid_a_local_route() {
    alone(async || {
        let network = pod().await;
        capture("lay");
        add_local_route(&network).await;
        let shim = Shim::listen("127.0.0.1:15001").await;
        let (mut app, mut shim) = shim.take(at("240.240.0.5", 3306)).await;
        assert_eq!(app.local_addr().unwrap().ip(), at("240.240.0.5", 0).ip());
        shim.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 5];
        app.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"hello");
    });
}
