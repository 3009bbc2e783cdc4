//! The east-west gateway: `AUTO_PASSTHROUGH` (`builtAutoPassthroughFilterChains`, `gateway.go`).

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::ISTIO_ALPNS;
use super::bootstrap::{address, bootstrap, cluster, tcp_proxy, tls_inspector};

/// Where it listens, and what it lets pass.
#[derive(Debug, Clone)]
pub struct EastWestGateway {
    /// Its own address.
    pub listen: SocketAddr,
    /// The services that a Gateway object exports.
    pub passed: Vec<Passed>,
}

/// One port of one service.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The server name that stands for it.
    pub sni: String,
    /// The pod.
    pub pod: SocketAddr,
}

impl EastWestGateway {
    /// The configuration. A ClientHello that fits no chain is closed without a word.
    #[must_use]
    pub fn config(&self) -> Value {
        let chains: Vec<_> = self.passed.iter().map(chain).collect();
        let clusters = self.passed.iter();
        let clusters: Vec<_> = clusters
            .map(|passed| cluster(&passed.sni, passed.pod, None))
            .collect();
        let listener = json!({
            "name": "eastwest",
            "address": address(self.listen),
            "listener_filters": [tls_inspector()],
            "filter_chains": chains,
        });
        bootstrap("gateway", &[listener], &clusters)
    }
}

fn chain(passed: &Passed) -> Value {
    json!({
        "filter_chain_match": {
            "server_names": [passed.sni],
            "application_protocols": ISTIO_ALPNS,
        },
        "filters": [tcp_proxy(&passed.sni)],
    })
}
