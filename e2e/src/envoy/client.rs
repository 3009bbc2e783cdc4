//! The sidecar of a pod that calls: aliases in, mutual TLS to the gateway out.

use std::net::SocketAddr;
use std::path::Path;

use eastwest_mesh::{Address, Route};
use serde_json::{Value, json};

use super::AppProtocol;
use super::bootstrap::{address, bootstrap, cluster, http, tcp_proxy};
use super::tls::{self, MaxTls};

/// What TCP offers (`util.go`), and what HTTP/1.1 offers with the filter `istio.alpn`
/// (`xds/filters/filters.go`).
const TCP: [&str; 2] = ["istio-peer-exchange", "istio"];
const HTTP: [&str; 3] = ["istio-http/1.1", "istio", "http/1.1"];

/// Who calls, and with which TLS.
#[derive(Debug, Clone, Copy)]
pub struct ClientSidecar<'a> {
    /// The folder of its certificate.
    pub identity: &'a Path,
    /// Its trust domain.
    pub trust_domain: &'a str,
    /// The newest TLS that it speaks.
    pub max: MaxTls,
}

impl ClientSidecar<'_> {
    /// The configuration for these routes. It listens on their virtual addresses, to which Istio's
    /// rules would redirect.
    #[must_use]
    pub fn config(&self, routes: &[Route]) -> Value {
        let parts: Vec<_> = routes
            .iter()
            .filter_map(|route| self.route(route))
            .collect();
        let (listeners, clusters): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        bootstrap("client", &listeners, &clusters)
    }

    fn route(&self, route: &Route) -> Option<(Value, Value)> {
        // Gateways with a DNS name are another kind of cluster; the manifests have none.
        let gateway = route.gateways.first()?;
        let Address::Ip(ip) = &gateway.address else {
            return None;
        };
        let dialled = SocketAddr::new(*ip, gateway.port.get());
        let listens = SocketAddr::new(*route.virtual_ips.first()?, route.port.get());
        let name = format!("outbound|{}||{}", route.port, route.alias);
        let protocol = AppProtocol::of(route.port.get());
        let (filter, alpn) = match protocol {
            AppProtocol::Http => (http(&name, Vec::new()), &HTTP[..]),
            AppProtocol::Tcp => (tcp_proxy(&name), &TCP[..]),
        };
        let sans = self.far_ends(route);
        let sni = by_istio(route);
        let transport = tls::client(self.identity, self.max, &sni, alpn, &sans);
        let listener = json!({
            "name": name,
            "address": address(listens),
            "filter_chains": [{ "filters": [filter] }],
        });
        Some((listener, cluster(&name, dialled, Some(transport))))
    }

    /// Istio lists full names; where the route accepts a whole namespace, its prefix.
    fn far_ends(&self, route: &Route) -> Vec<Value> {
        let expected = route.peer.expected(self.trust_domain);
        let names = expected.split(" or ");
        let matchers = names.map(|name| match name.strip_suffix('*') {
            Some(prefix) => json!({ "prefix": prefix }),
            None => json!({ "exact": name }),
        });
        matchers.map(|matcher| tls::uri(&matcher)).collect()
    }
}

/// What Istio sends where no DestinationRule has `tls.sni`: the alias as it stands
/// (`BuildDNSSrvSubsetKey`, `service.go`), and not, as ours do, the pod that it means.
#[must_use]
pub fn by_istio(route: &Route) -> String {
    format!("outbound_.{}_._.{}", route.port, route.alias)
}
