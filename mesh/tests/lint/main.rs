//! Manifests in, findings for people out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod additions;
mod chains;
mod clusters;
mod edits;
mod pages;
mod places;
mod ranges;
mod robust;
mod seed;
mod sidecars;
mod variants;

use eastwest_mesh::lint::{Lint, Options, View, apply, lint};
use eastwest_mesh::{Capture, Code, Source};

fn options(view: View) -> Options {
    Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        view,
        capture: Capture::Vip,
        pod_ranges: Vec::new(),
        service_ranges: Vec::new(),
    }
}

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// The findings of one file, for all readers.
fn lint_text(text: &str) -> Vec<Lint> {
    lint(&[vec![source("a.yaml", text)]], &options(View::Both))
}

fn codes(lints: &[Lint]) -> Vec<Code> {
    lints.iter().map(|lint| lint.finding.code).collect()
}

/// The findings of files of one folder in stock Istio.
fn in_istio(files: &[Source]) -> Vec<Lint> {
    lint(&[files.to_vec()], &options(View::Istio))
}

/// The files as `--fix` would leave them.
fn mended(files: &[Source]) -> Vec<Source> {
    let found = in_istio(files);
    let mend = |file: &Source| {
        let edits = found.iter().filter_map(Lint::edit);
        let edits: Vec<_> = edits.filter(|edit| *edit.file == *file.name).collect();
        source(&file.name, &apply(&file.text, &edits))
    };
    files.iter().map(mend).collect()
}

fn mended_text(text: &str) -> String {
    mended(&[source("a.yaml", text)]).remove(0).text
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
         \x20 location: MESH_INTERNAL\n\
         \x20 ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n\
         \x20 resolution: STATIC\n\
         \x20 endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n\
         {more}"
    )
}
