//! `eastwest convert` as a shell sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::{Path, PathBuf};
use std::process::Output;

mod golden;
mod outcome;
mod proxies;
#[path = "../shell/mod.rs"]
mod shell;
mod tlsroute;

use shell::{complained, eastwest, folder, said, status, with_stdin};

/// The top of the tree, from which paths in outputs count.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn convert_in(folder: &Path, args: &[&str]) -> Output {
    eastwest(folder, &[&["convert"], args].concat())
}

/// A Gateway of the called cluster.
fn gateway(mode: &str, hosts: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: g, namespace: istio-system}}\nspec:\n  servers:\n\
         \x20 - port: {{number: 15443, name: tls, protocol: TLS}}\n\
         \x20   tls: {{mode: {mode}}}\n    hosts: {hosts}\n"
    )
}

/// A ServiceEntry of a caller for this alias and port.
fn entry(alias: &str, port: u16) -> String {
    let name = alias.split('.').next().unwrap();
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {name}-{port}, namespace: pxc}}\nspec:\n  hosts: [{alias}]\n\
         \x20 location: MESH_INTERNAL\n  resolution: STATIC\n\
         \x20 ports: [{{number: {port}, name: mysql, protocol: TCP}}]\n\
         \x20 endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n"
    )
}

const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";
