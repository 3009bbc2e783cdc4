//! The sidecar of a pod that is called.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::ISTIO_ALPNS;
use super::bootstrap::{
    address, bootstrap, cluster, http, tcp_proxy, tls_inspector, typed, virtual_host,
};
use super::tls::{self, MaxTls};
use crate::istiod::{Allowed, AppProtocol, Inbound, PeerMode};

/// What is chosen from (`security/authn/utils/utils.go`); `istio` is left out on purpose there.
const TCP: [&str; 3] = ["istio-peer-exchange", "h2", "http/1.1"];
const HTTP: [&str; 2] = ["h2", "http/1.1"];

/// Who is called, by whom, and where.
#[derive(Debug, Clone)]
pub struct ServerSidecar<'a> {
    /// The pod's address and port, from which Istio's rules would redirect to 15006.
    pub listen: SocketAddr,
    /// The app behind it.
    pub app: SocketAddr,
    /// The folder of its certificate.
    pub identity: &'a Path,
    /// Its trust domain.
    pub trust_domain: &'a str,
    /// What its cluster's policies say.
    pub inbound: Inbound,
    /// The newest TLS that it speaks.
    pub max: MaxTls,
}

impl ServerSidecar<'_> {
    /// The configuration.
    #[must_use]
    pub fn config(&self) -> Value {
        let name = format!("inbound|{}||", self.listen.port());
        let alpn = match self.inbound.protocol {
            AppProtocol::Http => &HTTP[..],
            AppProtocol::Tcp => &TCP[..],
        };
        // Where plain text is taken, other TLS than the mesh's is the app's (`filterchain_options.go`).
        let mutual = match self.inbound.mode {
            PeerMode::Strict => json!({ "transport_protocol": "tls" }),
            PeerMode::Permissive => {
                json!({ "transport_protocol": "tls", "application_protocols": ISTIO_ALPNS })
            }
        };
        let mut chains = vec![json!({
            "name": "mutual",
            "filter_chain_match": mutual,
            "filters": self.filters(&name),
            "transport_socket": tls::server(self.identity, self.max, alpn, self.trust_domain),
        })];
        if self.inbound.mode == PeerMode::Permissive {
            chains.push(json!({ "name": "plain", "filters": self.filters(&name) }));
        }
        let listener = json!({
            "name": "virtualInbound",
            "address": address(self.listen),
            "listener_filters": [tls_inspector()],
            "filter_chains": chains,
        });
        bootstrap("server", &[listener], &[cluster(&name, &[self.app], None)])
    }

    fn filters(&self, name: &str) -> Vec<Value> {
        let rules = self.inbound.allowed.as_deref().map(rules);
        let all = ["*".to_owned()];
        match self.inbound.protocol {
            AppProtocol::Http => {
                let rbac = rules.map(|rules| {
                    typed(
                        "envoy.filters.http.rbac",
                        "envoy.extensions.filters.http.rbac.v3.RBAC",
                        json!({ "rules": rules }),
                    )
                });
                let rbac = rbac.into_iter().collect();
                vec![http(name, &[virtual_host(&all, name)], rbac)]
            }
            AppProtocol::Tcp => {
                let rbac = rules.map(|rules| {
                    typed(
                        "envoy.filters.network.rbac",
                        "envoy.extensions.filters.network.rbac.v3.RBAC",
                        json!({ "stat_prefix": "tcp.", "rules": rules }),
                    )
                });
                rbac.into_iter().chain([tcp_proxy(name)]).collect()
            }
        }
    }
}

/// An ALLOW for these callers: nobody else comes in.
fn rules(allowed: &[Allowed]) -> Value {
    let policies = allowed.iter().enumerate();
    let policies: serde_json::Map<_, _> = policies
        .map(|(number, allowed)| (number.to_string(), policy(allowed)))
        .collect();
    json!({ "action": "ALLOW", "policies": policies })
}

fn policy(allowed: &Allowed) -> Value {
    let identities = allowed.identities.iter().map(|name| {
        let matcher = match name.strip_suffix('*') {
            Some(prefix) => json!({ "prefix": prefix }),
            None => json!({ "exact": name }),
        };
        json!({ "authenticated": { "principal_name": matcher } })
    });
    let ports = allowed.ports.iter();
    let ports: Vec<_> = ports
        .map(|port| json!({ "destination_port": port }))
        .collect();
    let permission = match ports.is_empty() {
        true => json!({ "any": true }),
        false => json!({ "or_rules": { "rules": ports } }),
    };
    json!({
        "permissions": [permission],
        "principals": identities.collect::<Vec<_>>(),
    })
}
