//! What is written means what was asked for, whatever that is.

use std::collections::BTreeMap;

use eastwest_mesh::lint::{self, Lint, View};
use eastwest_mesh::{Capture, Mesh, Options, Severity, Source, load};
use proptest::prelude::*;

use super::super::aliases::Alias;
use super::super::{called, callers};
use super::{domain, read};

fn file(name: &str, text: String) -> Source {
    Source {
        name: name.to_owned(),
        text,
    }
}

fn loaded(text: &str) -> Mesh {
    let options = Options {
        cluster_domain: domain(),
        capture: Capture::Redirect,
    };
    load(&[file("b.yaml", text.to_owned())], &options)
}

/// What `eastwest lint` finds in the manifests of both clusters.
fn linted(aliases: &[Alias], view: View) -> Vec<Lint> {
    let clusters = [
        vec![file("a.yaml", called::write(aliases))],
        vec![file("b.yaml", callers::write(aliases))],
    ];
    let options = lint::Options {
        cluster_domain: domain(),
        view,
        capture: Capture::Redirect,
        pod_ranges: Vec::new(),
        service_ranges: Vec::new(),
    };
    lint::lint(&clusters, &options)
}

/// A route as it is asked for.
#[derive(Clone, Debug)]
struct Asked {
    alias: String,
    remote: String,
    ports: Vec<u16>,
    gateways: Vec<(String, u16)>,
}

fn label() -> impl Strategy<Value = String> {
    "[a-z]([a-z0-9-]{0,8}[a-z0-9])?"
}

fn pod() -> impl Strategy<Value = (String, String)> {
    (label(), 0_u16..100, label()).prop_map(|(set, ordinal, namespace)| {
        (format!("{set}-{ordinal}"), format!("{set}.{namespace}"))
    })
}

fn gateway() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<[u8; 2]>().prop_map(|[a, b]| format!("203.0.{a}.{b}")),
        any::<u16>().prop_map(|n| format!("[2001:db8::{n:x}]")),
        label().prop_map(|name| format!("{name}.example.com")),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let other = prop_oneof![
        (label(), label()).prop_map(|(name, ns)| format!("{name}.{ns}.svc.cluster.local")),
        (label(), label()).prop_map(|(name, ns)| format!("a.{name}.{ns}.svc.cluster.local")),
        label().prop_map(|name| format!("{name}.example.org")),
    ];
    let ports = prop::collection::btree_set(1_u16.., 1..4);
    let gateways = prop::collection::btree_map(gateway(), Just(15443), 1..4);
    (pod(), prop::option::of(other), ports, gateways).prop_map(|(pod, other, ports, gateways)| {
        let ((pod, rest), mut ports) = (pod, Vec::from_iter(ports));
        let namespace = rest.rsplit('.').next().unwrap_or_default().to_owned();
        // Only the convention's alias may have several ports.
        if other.is_some() {
            ports.truncate(1);
        }
        Asked {
            alias: other.unwrap_or_else(|| format!("src-{pod}.{namespace}.svc.cluster.local")),
            remote: format!("{pod}.{rest}.svc.cluster.local"),
            ports,
            gateways: gateways.into_iter().collect(),
        }
    })
}

impl Asked {
    fn gateways(&self) -> String {
        let gateways = self.gateways.iter();
        let gateways: Vec<_> = gateways.map(|(at, port)| format!("{at}:{port}")).collect();
        gateways.join(",")
    }

    fn lines(&self) -> Vec<String> {
        let (alias, remote, gateways) = (&self.alias, &self.remote, self.gateways());
        let line = |port: &u16| format!("{alias}={remote}:{port}@{gateways}");
        self.ports.iter().map(line).collect()
    }

    /// `ALIAS:PORT REMOTE:PORT GATEWAY,GATEWAY`
    fn routes(&self) -> Vec<String> {
        let (alias, remote, gateways) = (&self.alias, &self.remote, self.gateways());
        let route = |port: &u16| format!("{alias}:{port} {remote}:{port} {gateways}");
        self.ports.iter().map(route).collect()
    }
}

proptest! {
    /// The manifests mean what was asked for and nothing else, to us and, by what lint knows, to
    /// Istio.
    #[test]
    fn what_is_written_is_what_was_asked_for(asked in prop::collection::vec(asked(), 1..6)) {
        let asked: BTreeMap<_, _> = asked.into_iter().map(|one| (one.alias.clone(), one)).collect();
        let lines: Vec<_> = asked.values().flat_map(Asked::lines).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let aliases = read(&lines).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let text = callers::write(&aliases);
        let mesh = loaded(&text);
        prop_assert!(mesh.down.is_empty() && !mesh.has_errors(), "{:#?}\n{text}", mesh.findings);
        let routes = mesh.routes.iter().map(|route| {
            let gateways: Vec<_> = route.gateways.iter().map(ToString::to_string).collect();
            let gateways = gateways.join(",");
            let (alias, remote) = (&route.alias, &route.remote);
            format!("{alias}:{} {remote}:{} {gateways}", route.port, route.remote_port)
        });
        let routes: Vec<_> = routes.collect();
        let expected: Vec<_> = asked.values().flat_map(Asked::routes).collect();
        prop_assert_eq!(routes, expected, "{}", text);
        let found = linted(&aliases, View::Istio);
        prop_assert!(found.is_empty(), "{found:#?}\n{text}");
        let found = linted(&aliases, View::Both);
        let notes = |lint: &Lint| lint.finding.severity == Severity::Note;
        prop_assert!(found.iter().all(notes), "{found:#?}\n{text}");
    }
}
