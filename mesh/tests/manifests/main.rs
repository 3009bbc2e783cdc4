//! Manifests in, routes and findings out: the crate through its front door.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod addresses;
mod connection_pools;
mod destination_rules;
mod documents;
mod exported;
mod far_end;
mod gateway_hosts;
mod listen_ports;
mod passed_over;
mod positions;
mod robust;
mod routes;
mod seed;
mod taken_addresses;
mod unread;

use eastwest_mesh::{Capture, Mesh, Options, Principal, Route, Severity, Source, load};

fn options(capture: Capture) -> Options {
    Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture,
    }
}

/// Loads texts as the files `a.yaml`, `b.yaml` and so on.
fn load_files(texts: &[&str], capture: Capture) -> Mesh {
    let source = |(i, text): (u8, &&str)| Source {
        name: format!("{}.yaml", char::from(b'a' + i)),
        text: (*text).to_owned(),
    };
    let sources: Vec<_> = (0..).zip(texts).map(source).collect();
    load(&sources, &options(capture))
}

fn load_text(text: &str) -> Mesh {
    load_files(&[text], Capture::Vip)
}

/// The findings of one severity, each as its line.
fn lines(mesh: &Mesh, severity: Severity) -> Vec<String> {
    let found = mesh.findings.iter().filter(|f| f.severity == severity);
    found.map(ToString::to_string).collect()
}

fn errors(mesh: &Mesh) -> Vec<String> {
    lines(mesh, Severity::Error)
}

fn only_route(mesh: &Mesh) -> &Route {
    match mesh.routes.as_slice() {
        [route] => route,
        routes => panic!("one route, not {}: {:#?}", routes.len(), mesh.findings),
    }
}

/// A ServiceEntry for `src-POD.pxc` on port 3306 with more lines of spec.
fn service_entry(pod: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: networking.istio.io/v1\n\
         kind: ServiceEntry\n\
         metadata: {{name: src-{pod}, namespace: pxc}}\n\
         spec:\n\
         \x20 hosts: [src-{pod}.pxc.svc.cluster.local]\n\
         \x20 ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n\
         \x20 resolution: STATIC\n\
         \x20 endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n\
         {more}"
    )
}

/// The alias of `service_entry("db-0", ..)`.
const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";

/// A DestinationRule for `host` with this trafficPolicy, in one line.
fn destination_rule(host: &str, policy: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: rule, namespace: pxc}}\n\
         spec:\n  host: {host}\n  trafficPolicy: {{{policy}}}\n"
    )
}

fn with_annotation(entry: &str, remote: &str) -> String {
    entry.replacen(
        "namespace: pxc",
        &format!("namespace: pxc, annotations: {{eastwest.dev/remote-host: {remote}}}"),
        1,
    )
}

/// Whether the only route lets this identity be at its far end.
fn allows(text: &[&str], trust_domain: &str, path: &str) -> bool {
    let mesh = load_files(text, Capture::Vip);
    let peer = Principal { trust_domain, path };
    only_route(&mesh).peer.allows(&peer, "cluster.local")
}
