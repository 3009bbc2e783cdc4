//! Envoy: one worker, no access log, no session kept from one TLS connection to the next.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};

use super::{Part, write};
use crate::bench::Bench;
use crate::hello::sni;
use crate::keys::{CLIENT_ID, Files, SERVER_ID, SERVER_NAME};
use crate::place::Place;
use crate::subject::Groups;
use crate::tools::Tool;

/// Those of Istio, of which one must be offered at a gateway.
const ALPN: [&str; 2] = ["istio-peer-exchange", "istio"];

pub(super) fn gateway(bench: &Bench, place: &Place, routes: usize) -> anyhow::Result<Command> {
    let chains = (0..routes).map(|route| {
        let name = sni(route);
        json!({
            "filter_chain_match": { "server_names": [name], "application_protocols": ALPN },
            "filters": [tcp_proxy(&name)],
        })
    });
    let clusters = (0..routes).map(|route| cluster(&sni(route), place.backend, &Value::Null));
    let inspector = typed(
        "envoy.filters.listener.tls_inspector",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        &json!({}),
    );
    let listener = json!({
        "name": "gateway",
        "address": address(place.entry),
        "listener_filters": [inspector],
        "filter_chains": chains.collect::<Vec<_>>(),
    });
    command(
        bench,
        place,
        "gateway",
        &listener,
        &clusters.collect::<Vec<_>>(),
    )
}

pub(super) fn tunnel(bench: &Bench, groups: Groups, place: &Place) -> anyhow::Result<Vec<Part>> {
    let plain = json!({ "filters": [tcp_proxy("far")] });
    let near = listener(place.entry, &plain);
    let upstream = typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        &json!({
            "sni": SERVER_NAME,
            "max_session_keys": 0,
            "common_tls_context": tls(&Files::of(&bench.keys.client), SERVER_ID, groups),
        }),
    );
    let downstream = typed(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        &json!({
            "require_client_certificate": true,
            "disable_stateless_session_resumption": true,
            "disable_stateful_session_resumption": true,
            "common_tls_context": tls(&Files::of(&bench.keys.server), CLIENT_ID, groups),
        }),
    );
    let chain = json!({ "filters": [tcp_proxy("app")], "transport_socket": downstream });
    let far = listener(place.far_end, &chain);
    let clusters = [cluster("far", place.far_end, &upstream)];
    let near = command(bench, place, "client", &near, &clusters)?;
    let clusters = [cluster("app", place.backend, &Value::Null)];
    let far = command(bench, place, "server", &far, &clusters)?;
    Ok(Part::ends(near, far))
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

fn tls(files: &Files, peer: &str, groups: Groups) -> Value {
    let file = |path: &std::path::Path| json!({ "filename": path });
    let mut params = json!({
        "tls_minimum_protocol_version": "TLSv1_3",
        "tls_maximum_protocol_version": "TLSv1_3",
    });
    if groups == Groups::Classic {
        params["ecdh_curves"] = json!(["X25519"]);
    }
    json!({
        "tls_params": params,
        "alpn_protocols": ["istio"],
        "tls_certificates": [{
            "certificate_chain": file(&files.chain),
            "private_key": file(&files.key),
        }],
        "validation_context": {
            "trusted_ca": file(&files.roots),
            "match_typed_subject_alt_names": [{ "san_type": "URI", "matcher": { "exact": peer } }],
        },
    })
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

fn command(
    bench: &Bench,
    place: &Place,
    name: &str,
    listener: &Value,
    clusters: &[Value],
) -> anyhow::Result<Command> {
    let config = json!({
        "node": { "id": name, "cluster": name },
        "static_resources": { "listeners": [listener], "clusters": clusters },
    });
    let config = write(place, &format!("{name}.json"), &config.to_string())?;
    let mut command = bench.tools.command(Tool::Envoy, &bench.ground)?;
    command.arg("--config-path").arg(config);
    // One worker; a hot restart needs a name that is one for the whole machine.
    command.args([
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "error",
    ]);
    Ok(command)
}
