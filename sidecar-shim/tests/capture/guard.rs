//! What happens when something is missing: refused at once, and nothing leaves the pod.

use std::io::ErrorKind;

use eastwest_shim::capture::{DEFAULT_RANGES, Ruleset, ShimUid, VirtualRange, lay};
use tokio::net::UdpSocket;

use crate::nft::nft;
use crate::own_namespace::alone;
use crate::pod::{Database, POD_IPS, Shim, VIRTUAL_IPS, at, capture, dial, pod};
use crate::wire::{Wire, assert_leaves_the_pod};

/// Dials both virtual IPs: refused at once, seen by no database and on no wire.
async fn assert_refused() {
    let (database, wire) = (Database::listen(), Wire::watch());
    for ip in VIRTUAL_IPS {
        let error = dial(at(ip, 3306)).await.expect_err(ip);
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{ip}: {error}");
    }
    assert_eq!(database.visitors(), []);
    assert_eq!(wire.virtual_ips(), Vec::<std::net::IpAddr>::new());
}

/// The rules without the chain of this name.
fn lay_without(chain: &str) {
    let ranges: Vec<VirtualRange> = DEFAULT_RANGES.map(|r| r.parse().unwrap()).to_vec();
    let port = 15001.try_into().unwrap();
    let mut ruleset = Ruleset::new(&ranges, port, ShimUid::Shared);
    ruleset.chains.retain(|c| c.name != chain);
    assert_eq!(ruleset.chains.len(), 1);
    lay(&ruleset).unwrap();
}

#[test]
fn without_any_rule_a_packet_to_a_virtual_ip_leaves_the_pod() {
    alone(async || {
        pod().await;
        for ip in VIRTUAL_IPS {
            assert_leaves_the_pod(ip).await;
        }
    });
}

#[test]
fn a_shim_that_is_down_means_refused_at_once() {
    alone(async || {
        pod().await;
        capture("lay");
        assert_refused().await;
    });
}

#[test]
fn a_lost_capture_chain_means_refused_at_once() {
    alone(async || {
        pod().await;
        lay_without("capture");
        // The shim is up: nothing may depend on it.
        let _shim = Shim::listen("[::]:15001").await;
        assert_refused().await;
    });
}

#[test]
fn reverse_path_filtering_does_not_swallow_the_refusal() {
    alone(async || {
        pod().await;
        std::fs::write("/proc/sys/net/ipv4/conf/all/rp_filter", "1").unwrap();
        lay_without("capture");
        assert_refused().await;
    });
}

#[test]
fn the_uid_of_the_shim_is_refused_instead_of_looped() {
    alone(async || {
        pod().await;
        // Inside, the test is uid 0.
        capture("lay --shim-uid 0");
        let _shim = Shim::listen("[::]:15001").await;
        assert_refused().await;
    });
}

#[test]
fn a_uid_shared_with_the_shim_is_redirected_where_told_so() {
    alone(async || {
        pod().await;
        capture("lay --shim-uid none");
        let shim = Shim::listen("[::]:15001").await;
        for ip in VIRTUAL_IPS {
            assert_eq!(shim.original_dst_of(at(ip, 3306)).await, at(ip, 3306));
        }
    });
}

#[test]
fn udp_to_a_virtual_ip_is_refused_at_once() {
    alone(async || {
        pod().await;
        capture("lay");
        let wire = Wire::watch();
        for (own, ip) in POD_IPS.into_iter().zip(VIRTUAL_IPS) {
            let socket = UdpSocket::bind(at(own, 0)).await.unwrap();
            socket.connect(at(ip, 53)).await.unwrap();
            let error = socket.send(b"?").await.expect_err(ip);
            let at_once = [ErrorKind::PermissionDenied, ErrorKind::ConnectionRefused];
            assert!(at_once.contains(&error.kind()), "{ip}: {error}");
        }
        assert_eq!(wire.virtual_ips(), Vec::<std::net::IpAddr>::new());
    });
}

#[test]
fn a_connection_that_conntrack_does_not_know_is_refused_too() {
    alone(async || {
        pod().await;
        capture("lay");
        let _shim = Shim::listen("[::]:15001").await;
        let notrack = "table inet untracked {\nchain output {\n\
                       type filter hook output priority -300; policy accept;\nnotrack\n}\n}\n";
        if nft(&["-f", "-"], notrack).is_some() {
            assert_refused().await;
        }
    });
}
