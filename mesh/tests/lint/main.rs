//! Manifests in, findings for people out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod pages;

use eastwest_mesh::lint::{Lint, Options, View, lint};
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
