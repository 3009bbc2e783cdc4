//! Any bytes as manifests: what is loaded is sound and takes nothing from another file; what is
//! forwarded by the table is what our gateway forwards; what `--fix` writes changes something and is
//! read again.

use eastwest_mesh::forwarding::{self, Pods, forwarding};
use eastwest_mesh::lint::{self, Lint, View, apply};
use eastwest_mesh::{Capture, Options, Source, load, virtual_ip};

use super::manifests::assert_sound;

/// A file that nothing in another one may take down.
const OTHER: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
    metadata: {name: z-other-7, namespace: other-namespace}\nspec:\n  \
    hosts: [src-other-7.other-namespace.svc.cluster.local]\n  \
    ports: [{number: 3306, name: mysql, protocol: TCP}]\n  resolution: STATIC\n  \
    addresses: [127.9.9.9]\n  \
    endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n";

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

pub(crate) fn check(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    loaded(text);
    forwarded(text);
    // One of them for each input: the checks take far longer than all the rest.
    let views = [View::Istio, View::Eastwest, View::Both];
    linted(text, views[bytes.len() % views.len()]);
}

fn loaded(text: &str) {
    let shifted = Capture::Port(virtual_ip::DEFAULT_PORT_OFFSET);
    for capture in [Capture::Vip, shifted, Capture::Redirect, Capture::Service] {
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture,
        };
        let mesh = load(&[source("a.yaml", text)], &options);
        assert_sound(text, &mesh, capture);
        if capture == Capture::Vip && !text.contains("other-7") && !text.contains("127.9.9.9") {
            let files = [source("z.yaml", OTHER), source("a.yaml", text)];
            let mesh = load(&files, &options);
            let alias = "src-other-7.other-namespace.svc.cluster.local";
            assert!(
                mesh.routes
                    .iter()
                    .any(|route| route.alias.as_str() == alias)
            );
        }
    }
}

fn forwarded(text: &str) {
    let cluster = [source("a.yaml", text)];
    let options = forwarding::Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        pods: Pods::Shim,
    };
    let found = forwarding(&cluster, &[cluster.to_vec()], &options);
    let options = Options {
        cluster_domain: options.cluster_domain,
        capture: Capture::Elsewhere,
    };
    let exports = load(&cluster, &options).exports;
    for target in &found.targets {
        for name in &target.names {
            let port = name.text.strip_prefix("outbound_.").and(name.number);
            let there = exports.target(name.dialect, name.host.as_str(), port);
            let there = there.map(|there| (there.host, there.port));
            assert_eq!(there, Ok((target.host.clone(), target.port)), "{name:?}");
        }
    }
}

fn linted(text: &str, view: View) {
    let options = lint::Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        view,
        capture: Capture::Vip,
        pod_ranges: Vec::new(),
        service_ranges: Vec::new(),
    };
    let file = source("a.yaml", text);
    let found = lint::lint(&[vec![file.clone()], vec![file]], &options);
    let edits: Vec<_> = found.iter().filter_map(Lint::edit).collect();
    let after = apply(text, &edits);
    assert!(
        edits.is_empty() || after != text,
        "an edit changes something"
    );
    let added = found.iter().filter_map(Lint::addition);
    let added = added.map(|added| vec![source("b.yaml", &added.service.document())]);
    let mended = [vec![source("a.yaml", &after)]].into_iter().chain(added);
    drop(lint::lint(&mended.collect::<Vec<_>>(), &options));
    for lint in &found {
        let line = lint.finding.to_string();
        assert_eq!(line.lines().count(), 1, "{line:?}");
    }
}
