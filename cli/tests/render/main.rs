//! `eastwest render` as a shell sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::{Path, PathBuf};
use std::process::Output;

mod by_hand;
mod channels;
mod files;
mod golden;
mod listening;
mod outcome;
#[path = "../shell/mod.rs"]
mod shell;

use shell::{complained, eastwest, folder, said, status, with_stdin};

/// The top of the tree, from which paths in outputs count.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn render_in(folder: &Path, args: &[&str]) -> Output {
    eastwest(folder, &[&["render"], args].concat())
}

/// The objects of an output.
fn objects(output: &Output) -> Vec<serde_json::Value> {
    serde_saphyr::from_multiple(&said(output)).unwrap()
}

/// The only object of this kind and name.
fn object<'a>(
    objects: &'a [serde_json::Value],
    (kind, name): (&str, &str),
) -> &'a serde_json::Value {
    let mut of = objects
        .iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    let found = of.next().unwrap();
    assert!(of.next().is_none(), "{kind} {name} is there twice");
    found
}

/// A ServiceEntry for this host.
fn entry(host: &str) -> String {
    let name = host.replace('.', "-");
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {name}, namespace: pxc}}\nspec:\n  hosts: [{host}]\n\
         \x20 location: MESH_INTERNAL\n  resolution: STATIC\n\
         \x20 ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n\
         \x20 endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n"
    )
}

const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";

/// A ServiceEntry for this host, which stands for the remote one.
fn entry_of(host: &str, remote: &str) -> String {
    let remote = format!("annotations: {{eastwest.dev/remote-host: {remote}}}");
    entry(host).replace("namespace: pxc}", &format!("namespace: pxc, {remote}}}"))
}

/// A ServiceEntry whose alias no Service can be called by.
fn no_service() -> String {
    entry_of("db.example", "db-0.db.pxc.svc.cluster.local")
}
