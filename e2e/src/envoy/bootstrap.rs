//! The parts that the configurations of all roles are made of.

use std::net::SocketAddr;

use serde_json::{Value, json};

/// What is told of each connection or request at its end, so that a refusal can be seen.
const ACCESS: &str = "access %RESPONSE_FLAGS% %CONNECTION_TERMINATION_DETAILS% \
                      %DOWNSTREAM_TRANSPORT_FAILURE_REASON% %UPSTREAM_TRANSPORT_FAILURE_REASON%\n";

/// A whole configuration, without a control plane.
pub(super) fn bootstrap(name: &str, listeners: &[Value], clusters: &[Value]) -> Value {
    json!({
        "node": { "id": name, "cluster": name },
        "static_resources": { "listeners": listeners, "clusters": clusters },
    })
}

pub(super) fn address(address: SocketAddr) -> Value {
    let (ip, port) = (address.ip().to_string(), address.port());
    json!({ "socket_address": { "address": ip, "port_value": port } })
}

/// A cluster with these endpoints; `transport` is its TLS, where it has any.
pub(super) fn cluster(name: &str, endpoints: &[SocketAddr], transport: Option<Value>) -> Value {
    let endpoints = endpoints.iter();
    let endpoints: Vec<_> = endpoints
        .map(|endpoint| json!({ "endpoint": { "address": address(*endpoint) } }))
        .collect();
    let mut cluster = json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": endpoints }],
        },
    });
    if let (Some(transport), Some(fields)) = (transport, cluster.as_object_mut()) {
        fields.insert("transport_socket".to_owned(), transport);
    }
    cluster
}

/// Reads the ClientHello before the filter chain is chosen.
pub(super) fn tls_inspector() -> Value {
    typed(
        "envoy.filters.listener.tls_inspector",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        json!({}),
    )
}

pub(super) fn tcp_proxy(cluster: &str) -> Value {
    typed(
        "envoy.filters.network.tcp_proxy",
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        json!({ "stat_prefix": cluster, "cluster": cluster, "access_log": [access_log()] }),
    )
}

/// All hosts of these names go to a cluster.
pub(super) fn virtual_host(domains: &[String], cluster: &str) -> Value {
    let everything =
        json!({ "match": { "prefix": "/" }, "route": { "cluster": cluster, "timeout": "0s" } });
    json!({ "name": cluster, "domains": domains, "routes": [everything] })
}

/// HTTP is parsed, and passed on by its host. `filters` come before the router.
pub(super) fn http(name: &str, hosts: &[Value], mut filters: Vec<Value>) -> Value {
    filters.push(typed(
        "envoy.filters.http.router",
        "envoy.extensions.filters.http.router.v3.Router",
        json!({}),
    ));
    typed(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": name,
            "access_log": [access_log()],
            "http_filters": filters,
            "route_config": { "virtual_hosts": hosts },
        }),
    )
}

fn access_log() -> Value {
    typed(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({ "log_format": { "text_format_source": { "inline_string": ACCESS } } }),
    )
}

/// An extension by its name, with its configuration by the name of its type.
pub(super) fn typed(name: &str, kind: &str, mut config: Value) -> Value {
    if let Some(fields) = config.as_object_mut() {
        fields.insert(
            "@type".to_owned(),
            format!("type.googleapis.com/{kind}").into(),
        );
    }
    json!({ "name": name, "typed_config": config })
}
