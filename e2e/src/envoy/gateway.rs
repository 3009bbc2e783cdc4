//! The east-west gateway: `AUTO_PASSTHROUGH` (`builtAutoPassthroughFilterChains`, `gateway.go`).

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::ISTIO_ALPNS;
use super::bootstrap::{address, bootstrap, cluster, tcp_proxy, tls_inspector};
use crate::istiod::Passed;

/// Where it listens, and what it lets pass.
#[derive(Debug, Clone)]
pub struct EastWestGateway {
    /// Its own address.
    pub listen: SocketAddr,
    /// The services that Gateway objects export.
    pub passed: Vec<Passed>,
}

impl EastWestGateway {
    /// The configuration. A ClientHello that fits no chain is closed without a word; without any
    /// chain there is no listener.
    #[must_use]
    pub fn config(&self) -> Value {
        let chains: Vec<_> = self.passed.iter().map(chain).collect();
        let clusters = self.passed.iter();
        let clusters: Vec<_> = clusters
            .map(|passed| cluster(&passed.sni, &passed.pods, None))
            .collect();
        let listener = json!({
            "name": "eastwest",
            "address": address(self.listen),
            "listener_filters": [tls_inspector()],
            "filter_chains": chains,
        });
        let listeners = if chains.is_empty() {
            vec![]
        } else {
            vec![listener]
        };
        bootstrap("gateway", &listeners, &clusters)
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
