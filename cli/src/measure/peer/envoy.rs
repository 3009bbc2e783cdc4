//! Envoy: a gateway by server names, and the two ends of a tunnel. No access log, and no session kept from
//! one TLS connection to the next.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::measure::keys::Files;

/// Those of Istio, of which one must be offered at a gateway.
const ALPN: [&str; 2] = ["istio-peer-exchange", "istio"];

/// Key exchange of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// Envoy's default, and ours: X25519MLKEM768.
    PostQuantum,
    /// What the others have: X25519.
    Classic,
}

/// Mutual TLS at one end.
#[derive(Debug, Clone, Copy)]
pub struct Tls<'a> {
    /// Its own certificate.
    pub files: &'a Files,
    /// The SPIFFE ID at the other end.
    pub peer: &'a str,
    /// Which key exchange.
    pub groups: Groups,
}

/// TLS is passed on by its server name, to one address.
#[must_use]
pub fn gateway(listens: SocketAddr, names: &[String], pod: SocketAddr) -> Value {
    let chains = names.iter().map(|name| {
        json!({
            "filter_chain_match": { "server_names": [name], "application_protocols": ALPN },
            "filters": [tcp_proxy(name)],
        })
    });
    let clusters = names.iter().map(|name| cluster(name, pod, &Value::Null));
    let inspector = typed(
        "envoy.filters.listener.tls_inspector",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        &json!({}),
    );
    let listener = json!({
        "name": "gateway",
        "address": address(listens),
        "listener_filters": [inspector],
        "filter_chains": chains.collect::<Vec<_>>(),
    });
    bootstrap("gateway", &listener, &clusters.collect::<Vec<_>>())
}

/// Plain TCP in, TLS with this server name out.
#[must_use]
pub fn client_end(listens: SocketAddr, far: SocketAddr, name: &str, tls: Tls<'_>) -> Value {
    let upstream = typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        &json!({
            "sni": name,
            "max_session_keys": 0,
            "common_tls_context": tls.context(),
        }),
    );
    let chain = json!({ "filters": [tcp_proxy("far")] });
    bootstrap(
        "client",
        &listener(listens, &chain),
        &[cluster("far", far, &upstream)],
    )
}

/// TLS in, plain TCP out.
#[must_use]
pub fn server_end(listens: SocketAddr, app: SocketAddr, tls: Tls<'_>) -> Value {
    let downstream = typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        &json!({
            "require_client_certificate": true,
            "disable_stateless_session_resumption": true,
            "disable_stateful_session_resumption": true,
            "common_tls_context": tls.context(),
        }),
    );
    let chain = json!({ "filters": [tcp_proxy("app")], "transport_socket": downstream });
    bootstrap(
        "server",
        &listener(listens, &chain),
        &[cluster("app", app, &Value::Null)],
    )
}

impl Tls<'_> {
    fn context(&self) -> Value {
        let file = |path: &Path| json!({ "filename": path });
        let mut params = json!({
            "tls_minimum_protocol_version": "TLSv1_3",
            "tls_maximum_protocol_version": "TLSv1_3",
        });
        if self.groups == Groups::Classic {
            params["ecdh_curves"] = json!(["X25519"]);
        }
        let peer = json!([{ "san_type": "URI", "matcher": { "exact": self.peer } }]);
        json!({
            "tls_params": params,
            "alpn_protocols": ["istio"],
            "tls_certificates": [{
                "certificate_chain": file(&self.files.chain),
                "private_key": file(&self.files.key),
            }],
            "validation_context": {
                "trusted_ca": file(&self.files.roots),
                "match_typed_subject_alt_names": peer,
            },
        })
    }
}

fn bootstrap(name: &str, listener: &Value, clusters: &[Value]) -> Value {
    json!({
        "node": { "id": name, "cluster": name },
        "static_resources": { "listeners": [listener], "clusters": clusters },
    })
}

fn listener(listens: SocketAddr, chain: &Value) -> Value {
    json!({ "name": "listener", "address": address(listens), "filter_chains": [chain] })
}

fn cluster(name: &str, endpoint: SocketAddr, transport: &Value) -> Value {
    let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address(endpoint) } }] }]);
    let limit = json!({ "max_connections": 1_000_000, "max_pending_requests": 1_000_000 });
    let mut cluster = json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": { "cluster_name": name, "endpoints": endpoints },
        // Its default of 1,024 would refuse what all others carry.
        "circuit_breakers": { "thresholds": [limit] },
    });
    if !transport.is_null() {
        cluster["transport_socket"] = transport.clone();
    }
    cluster
}

fn tcp_proxy(cluster: &str) -> Value {
    typed(
        "envoy.filters.network.tcp_proxy",
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        &json!({ "stat_prefix": "tcp", "cluster": cluster }),
    )
}

fn typed(name: &str, kind: &str, fields: &Value) -> Value {
    let mut config = fields.clone();
    config["@type"] = format!("type.googleapis.com/{kind}").into();
    json!({ "name": name, "typed_config": config })
}

fn address(address: SocketAddr) -> Value {
    let (ip, port) = (address.ip().to_string(), address.port());
    json!({ "socket_address": { "address": ip, "port_value": port } })
}
