//! Who reaches whom.

use std::net::IpAddr;

use eastwest::stage::{Forwarding, HostPlan, StagePlan, two_clusters};
use ipnet::IpNet;

use super::{Server, assert_swallowed, get, net, pair, printed, sh, start};

fn parse<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect(text)
}

#[test]
fn hosts_on_one_network_reach_each_other_at_once() {
    let stage = start(&pair());
    let _server = Server::hello(&stage, "a");
    let answer = printed(&stage, "b", &get("10.0.0.1", 8080));
    assert!(
        answer.contains("hello from a, you are [::ffff:10.0.0.2]:"),
        "{answer}"
    );
}

#[test]
fn hosts_have_a_loopback_of_their_own() {
    let stage = start(&pair());
    let _server = Server::hello(&stage, "a");
    assert!(printed(&stage, "a", &get("127.0.0.1", 8080)).contains("hello from a"));
    let other = sh(&stage, "b", &get("127.0.0.1", 8080));
    assert!(
        String::from_utf8_lossy(&other.stderr).contains("refused"),
        "{other:?}"
    );
}

#[test]
fn ipv6_addresses_are_usable_at_once() {
    let plan = StagePlan::new()
        .network("lan")
        .host(HostPlan::new("a").on("lan", parse("fd71::1/64")))
        .host(HostPlan::new("b").on("lan", parse("fd71::2/64")));
    let stage = start(&plan);
    let _server = Server::hello(&stage, "a");
    let answer = printed(&stage, "b", &get("fd71::1", 8080));
    assert!(answer.contains("you are [fd71::2]:"), "{answer}");
}

#[test]
fn the_server_first_port_speaks_before_its_client() {
    let stage = start(&pair());
    let mut command = super::command(&stage, "a", super::EASTWEST);
    command.args(["stage-hello", "--listen", "127.0.0.1:8080", "--name", "a"]);
    command.args(["--greet", "10.0.0.1:3306"]);
    let (_server, address) = Server::listening(command);
    assert_eq!(address, "10.0.0.1:3306");
    let greeting = printed(&stage, "b", "timeout 5 head -n 1 </dev/tcp/10.0.0.1/3306");
    assert!(
        greeting.starts_with("hello from a, you are 10.0.0.2:"),
        "{greeting}"
    );
}

fn through_a_router(forwarding: Forwarding) -> StagePlan {
    let far: IpNet = parse("10.0.1.0/24");
    let router = HostPlan {
        forwarding,
        ..HostPlan::new("r")
    };
    StagePlan::new()
        .network("near")
        .network("far")
        .host(
            HostPlan::new("a")
                .on("near", net(1))
                .route(far, parse("10.0.0.254")),
        )
        .host(
            router
                .on("near", net(254))
                .on("far", parse("10.0.1.254/24")),
        )
        .host(
            HostPlan::new("b")
                .on("far", parse("10.0.1.1/24"))
                .route(net(0), parse::<IpAddr>("10.0.1.254")),
        )
}

#[test]
fn a_router_passes_packets_on() {
    let stage = start(&through_a_router(Forwarding::On));
    let _server = Server::hello(&stage, "b");
    let answer = printed(&stage, "a", &get("10.0.1.1", 8080));
    assert!(answer.contains("hello from b"), "{answer}");
}

#[test]
fn a_host_that_is_no_router_passes_nothing_on() {
    let stage = start(&through_a_router(Forwarding::Off));
    let _server = Server::hello(&stage, "b");
    assert_swallowed(&stage, "a", "10.0.1.1");
}

#[test]
fn from_cluster_b_only_the_gateway_of_cluster_a_is_reached() {
    let stage = start(&two_clusters());
    let _pod = Server::hello(&stage, "hello-0");
    let _gateway = Server::hello(&stage, "gateway");

    let answer = printed(&stage, "b-app", &get("172.21.0.3", 8080));
    assert!(
        answer.contains("hello from gateway, you are [::ffff:10.72.0.10]:"),
        "{answer}"
    );
    let answer = printed(&stage, "gateway", &get("10.71.0.10", 8080));
    assert!(answer.contains("hello from hello-0"), "{answer}");

    for address in ["10.71.0.10", "10.71.0.3"] {
        let output = sh(&stage, "b-app", &get(address, 8080));
        assert_eq!(
            output.status.code(),
            Some(1),
            "{address} was not refused at once: {output:?}"
        );
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.contains("unreachable") || error.contains("No route"),
            "{error}"
        );
    }
}
