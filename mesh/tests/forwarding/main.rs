//! Manifests of both sides in, the server names that a gateway lets through out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod names;
mod random;
mod remarks;
mod sidecars;
mod sides;
mod wildcards;

use eastwest_mesh::forwarding::{Forwarding, Options, Pods, forwarding};
use eastwest_mesh::{Severity, Source};

fn options(pods: Pods) -> Options {
    Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        pods,
    }
}

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// The gateway's cluster as the file `a.yaml`, and its callers' as `b.yaml`, `c.yaml` and so on.
fn between(gateway: &str, callers: &[&str], pods: Pods) -> Forwarding {
    let caller = |(letter, text): (u8, &&str)| {
        let name = format!("{}.yaml", char::from(letter));
        vec![source(&name, text)]
    };
    let callers: Vec<_> = (b'b'..).zip(callers).map(caller).collect();
    forwarding(&[source("a.yaml", gateway)], &callers, &options(pods))
}

/// Each server name and where it leads, in the order of the targets.
fn table(forwarding: &Forwarding) -> Vec<String> {
    let targets = forwarding.targets.iter();
    let lines = targets.flat_map(|target| {
        let names = target.names.iter();
        names.map(|name| format!("{} {}:{}", name.text, target.host, target.port))
    });
    lines.collect()
}

fn remarks(forwarding: &Forwarding, severity: Severity) -> Vec<String> {
    let remarks = forwarding.remarks.iter();
    let of = remarks.filter(|remark| remark.severity == severity);
    of.map(ToString::to_string).collect()
}

fn gateway_of(mode: &str, hosts: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: {}, namespace: istio-system}}\nspec:\n  servers:\n\
         \x20 - port: {{number: 15443, name: tls, protocol: TLS}}\n\
         \x20   tls: {{mode: {mode}}}\n    hosts: {hosts}\n",
        mode.to_lowercase().replace('_', "-")
    )
}

fn gateway(hosts: &str) -> String {
    gateway_of("AUTO_PASSTHROUGH", hosts)
}

/// A ServiceEntry of a caller for `alias` on port 3306.
fn entry(alias: &str, remote: Option<&str>) -> String {
    let annotations = remote.map_or_else(String::new, |remote| {
        format!(", annotations: {{eastwest.dev/remote-host: {remote}}}")
    });
    let name = alias.split('.').next().unwrap();
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {name}, namespace: pxc{annotations}}}\nspec:\n  hosts: [{alias}]\n\
         \x20 location: MESH_INTERNAL\n  resolution: STATIC\n\
         \x20 ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n\
         \x20 endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n"
    )
}

fn service(name: &str, port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: pxc}}\n\
         spec:\n  ports: [{{port: {port}, targetPort: 9}}]\n"
    )
}

fn documents(texts: &[String]) -> String {
    texts.join("---\n")
}

const POD: &str = "db-0.db.pxc.svc.cluster.local";
const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";
