//! Whatever the manifests: what is in the table, our own gateway lets through to the same place.

use eastwest_mesh::forwarding::{Pods, forwarding};
use eastwest_mesh::{Capture, Options, load};
use proptest::prelude::*;

use super::{documents, entry, gateway_of, options, source};

fn host() -> impl Strategy<Value = String> {
    let labels = prop::sample::select(vec!["db-0", "db", "src-db-0", "src-db-1", "db-1", "x"]);
    let front = prop::collection::vec(labels, 1..3);
    let namespace = prop::sample::select(vec!["pxc", "demo"]);
    (front, namespace).prop_map(|(front, ns)| format!("{}.{ns}.svc.cluster.local", front.join(".")))
}

fn exported() -> impl Strategy<Value = String> {
    let wide = prop::sample::select(vec![
        "*",
        "*.local",
        "*.pxc.svc.cluster.local",
        "*.db.pxc.svc.cluster.local",
        "*.example.com",
    ]);
    prop_oneof![host(), wide.prop_map(str::to_owned)]
}

proptest! {
    #[test]
    fn the_table_says_what_the_gateway_does(
        istio in prop::collection::vec(exported(), 1..3),
        plain in prop::collection::vec(exported(), 1..3),
        aliases in prop::collection::vec(host(), 0..3),
        own in prop::option::of(host()),
    ) {
        let hosts = |list: &[String]| format!("{list:?}");
        let own = own.map(|host| entry(&host, None).replace("mysql: 15443", "mysql: 3307"));
        let mut cluster = vec![
            gateway_of("AUTO_PASSTHROUGH", &hosts(&istio)),
            gateway_of("PASSTHROUGH", &hosts(&plain)),
        ];
        cluster.extend(own);
        let cluster = [source("a.yaml", &documents(&cluster))];
        let callers: Vec<_> = aliases
            .iter()
            .map(|alias| vec![source("b.yaml", &entry(alias, None))])
            .collect();
        let found = forwarding(&cluster, &callers, &options(Pods::Shim));
        let load_options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture: Capture::Elsewhere,
        };
        let exports = load(&cluster, &load_options).exports;
        for target in &found.targets {
            for name in &target.names {
                let port = name.text.strip_prefix("outbound_.").and(name.number);
                let there = exports.target(name.dialect, name.host.as_str(), port);
                let there = there.map(|there| (there.host, there.port));
                prop_assert_eq!(there, Ok((target.host.clone(), target.port)), "{}", name.text);
            }
        }
    }
}
