//! Ways on which large packets are lost, and nobody says so.

use eastwest::clusters::Clusters;
use eastwest_e2e::hello;

use crate::examined::ask_hello;
use crate::gateway::nft;
use crate::view::telling_the_app;

/// Has a host lose, of what comes to it or is passed on by it, what this matches and is large.
fn lose_large(clusters: &Clusters, host: &str, matching: &str) {
    let chains = ["input", "forward"].map(|hook| {
        format!(
            "add chain inet narrow {hook} {{ type filter hook {hook} priority 0 ; }}
             add rule inet narrow {hook} tcp {matching} meta length > 600 drop"
        )
    });
    nft(
        clusters,
        host,
        &format!("add table inet narrow\n{}", chains.join("\n")),
    );
}

#[test]
fn on_the_way_to_the_gateway() {
    let clusters = hello().unwrap();
    lose_large(&clusters, "b-node", "dport 15443");
    ask_hello(&clusters, &[]).finds("mtu-black-hole", "between");
}

#[test]
fn on_the_way_back_from_the_gateway() {
    let clusters = hello().unwrap();
    lose_large(&clusters, "b-node", "sport 15443");
    ask_hello(&clusters, &[]).finds("mtu-black-hole-back", "between");
}

#[test]
fn on_the_way_back_from_a_gateway_that_tells() {
    let clusters = telling_the_app();
    nft(
        &clusters,
        "gateway",
        "add table inet narrow
         add chain inet narrow output { type filter hook output priority 0 ; }
         add rule inet narrow output tcp sport 15443 meta length > 1400 drop",
    );
    ask_hello(&clusters, &[]).finds("mtu-black-hole-back", "between");
}

#[test]
fn on_the_way_from_the_gateway_to_the_pod() {
    let clusters = hello().unwrap();
    lose_large(&clusters, "hello-0", "dport 15444");
    ask_hello(&clusters, &[]).finds("mtu-black-hole-pod", "a");
}

#[test]
fn on_the_way_back_from_the_pod() {
    let clusters = hello().unwrap();
    lose_large(&clusters, "gateway", "sport 15444");
    // It may as well be lost behind the gateway.
    ask_hello(&clusters, &[]).finds("mtu-black-hole-back", "between");
    drop(clusters);
    // What a gateway says of itself is large, too.
    let clusters = telling_the_app();
    lose_large(&clusters, "gateway", "sport 15444");
    ask_hello(&clusters, &[]).finds("mtu-black-hole-pod", "a");
}
