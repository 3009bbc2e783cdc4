//! The seed's manifests, byte for byte, must load: every alias is served, and nothing is an error.

use std::num::NonZeroU16;
use std::path::Path;

use eastwest_mesh::{Capture, Dialect, Mesh, Severity, Source, load};

use super::{errors, lines, options};

fn seed(names: &[&str]) -> Mesh {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seed");
    let source = |name: &&str| Source {
        name: (*name).to_owned(),
        text: std::fs::read_to_string(folder.join(name)).unwrap(),
    };
    let sources: Vec<_> = names.iter().map(source).collect();
    load(&sources, &options(Capture::Vip))
}

const CLIENT: [&str; 6] = [
    "src-hello-0.yaml",
    "src-hello-1.yaml",
    "src-hello-2.yaml",
    "src-db-pxc-0.yaml",
    "src-db-pxc-1.yaml",
    "src-db-pxc-2.yaml",
];
const GATEWAYS: [&str; 2] = ["cross-network-gateway.yaml", "demo-gateway.yaml"];

fn warnings_about(mesh: &Mesh, text: &str) -> usize {
    let warnings = lines(mesh, Severity::Warning);
    warnings.iter().filter(|line| line.contains(text)).count()
}

#[test]
fn every_alias_is_served_without_an_error() {
    let mesh = seed(&CLIENT);
    assert_eq!(errors(&mesh), [""; 0]);
    let routes: Vec<_> = mesh
        .routes
        .iter()
        .map(|r| (r.sni.as_str(), r.port.get()))
        .collect();
    assert_eq!(
        routes,
        [
            (
                "outbound_.8080_._.hello-0.hello.demo.svc.cluster.local",
                8080
            ),
            (
                "outbound_.8080_._.hello-1.hello.demo.svc.cluster.local",
                8080
            ),
            (
                "outbound_.8080_._.hello-2.hello.demo.svc.cluster.local",
                8080
            ),
            (
                "outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local",
                3306
            ),
            (
                "outbound_.3306_._.db-pxc-1.db-pxc.pxc.svc.cluster.local",
                3306
            ),
            (
                "outbound_.3306_._.db-pxc-2.db-pxc.pxc.svc.cluster.local",
                3306
            ),
        ]
    );
    for route in &mesh.routes {
        let gateways: Vec<_> = route.gateways.iter().map(ToString::to_string).collect();
        assert_eq!(gateways, ["172.21.0.3:15443"], "{}", route.alias);
    }
}

#[test]
fn every_alias_has_an_address_of_its_own() {
    let mesh = seed(&CLIENT);
    let aliases = mesh.aliases();
    let mut addresses: Vec<_> = aliases.iter().flat_map(|(_, ips)| ips).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!((aliases.len(), addresses.len()), (6, 6));
}

#[test]
fn both_gateways_load_and_the_wide_one_is_a_warning() {
    let mesh = seed(&GATEWAYS);
    assert_eq!(errors(&mesh), [""; 0]);
    assert_eq!(warnings_about(&mesh, "exports every service"), 1);
}

#[test]
fn the_gateway_dials_the_pod_for_a_pod_name_and_for_an_alias() {
    let mesh = seed(&GATEWAYS);
    for host in [
        "hello-0.hello.demo.svc.cluster.local",
        "src-hello-0.demo.svc.cluster.local",
    ] {
        let target = mesh
            .exports
            .target(Dialect::Istio, host, NonZeroU16::new(8080))
            .unwrap();
        assert_eq!(target.host.as_str(), "hello-0.hello.demo.svc.cluster.local");
        assert_eq!(target.port.get(), 15444);
    }
}

#[test]
fn the_narrow_gateway_alone_exports_its_namespace_only() {
    let mesh = seed(&["demo-gateway.yaml"]);
    let allowed = |host| mesh.exports.target(Dialect::Istio, host, None).is_ok();
    assert!(allowed("hello-0.hello.demo.svc.cluster.local"));
    assert!(!allowed("db-pxc-0.db-pxc.pxc.svc.cluster.local"));
}
