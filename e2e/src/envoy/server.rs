//! The sidecar of a pod that is called, with PeerAuthentication STRICT.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::AppProtocol;
use super::bootstrap::{address, bootstrap, cluster, http, tcp_proxy, tls_inspector, typed};
use super::tls::{self, MaxTls};

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
    /// Who may call, as SPIFFE IDs: what its AuthorizationPolicy says.
    pub callers: Vec<String>,
    /// The newest TLS that it speaks.
    pub max: MaxTls,
}

impl ServerSidecar<'_> {
    /// The configuration.
    #[must_use]
    pub fn config(&self) -> Value {
        let name = format!("inbound|{}||", self.listen.port());
        let rules = self.rules();
        let (filters, alpn) = match AppProtocol::of(self.listen.port()) {
            AppProtocol::Http => {
                let rbac = typed(
                    "envoy.filters.http.rbac",
                    "envoy.extensions.filters.http.rbac.v3.RBAC",
                    json!({ "rules": rules }),
                );
                (vec![http(&name, vec![rbac])], &HTTP[..])
            }
            AppProtocol::Tcp => {
                let rbac = typed(
                    "envoy.filters.network.rbac",
                    "envoy.extensions.filters.network.rbac.v3.RBAC",
                    json!({ "stat_prefix": "tcp.", "rules": rules }),
                );
                (vec![rbac, tcp_proxy(&name)], &TCP[..])
            }
        };
        let chain = json!({
            "filter_chain_match": { "transport_protocol": "tls" },
            "filters": filters,
            "transport_socket": tls::server(self.identity, self.max, alpn, self.trust_domain),
        });
        let listener = json!({
            "name": "virtualInbound",
            "address": address(self.listen),
            "listener_filters": [tls_inspector()],
            "filter_chains": [chain],
        });
        bootstrap("server", &[listener], &[cluster(&name, self.app, None)])
    }

    /// An ALLOW for these callers: nobody else comes in.
    fn rules(&self) -> Value {
        let principals: Vec<_> = self
            .callers
            .iter()
            .map(|caller| json!({ "authenticated": { "principal_name": { "exact": caller } } }))
            .collect();
        json!({
            "action": "ALLOW",
            "policies": { "callers": { "permissions": [{ "any": true }], "principals": principals } },
        })
    }
}
