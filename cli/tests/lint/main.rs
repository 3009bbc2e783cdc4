//! `eastwest lint` and `eastwest explain` as a shell sees them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod fix;
mod formats;
mod inputs;
mod services;
#[path = "../shell/mod.rs"]
mod shell;

use shell::{complained, eastwest, folder, said, status, with_stdin};

/// An entry with three faults, two of which are mechanical.
const FAULTY: &str = "\
# Our source.
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [\"src-db-0.pxc.svc.cluster.local\"]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints:
  - address: 172.21.0.3   # the gateway
    ports: {mysql: 15443}
";

/// Nothing is wrong with it.
const CLEAN: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: istio-system}
spec:
  selector: {istio: eastwestgateway}
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts: ['*.pxc.svc.cluster.local']
";

#[test]
fn the_status_tells_clean_from_found_from_wrong_usage() {
    let folder = folder(&[
        ("clean.yaml", CLEAN),
        ("faulty.yaml", FAULTY),
        ("wide.yaml", &wide()),
    ]);
    let status_of = |args: &[&str]| status(&eastwest(folder.path(), args));
    assert_eq!(status_of(&["lint", "clean.yaml"]), 0);
    assert_eq!(status_of(&["lint", "faulty.yaml"]), 1);
    assert_eq!(status_of(&["lint", "wide.yaml"]), 0, "a warning");
    assert_eq!(status_of(&["lint", "--fail-on", "warning", "wide.yaml"]), 1);
    assert_eq!(status_of(&["lint", "--fail-on", "never", "faulty.yaml"]), 0);
    assert_eq!(status_of(&["lint", "--for", "eastwest", "faulty.yaml"]), 0);
    assert_eq!(status_of(&["lint", "missing.yaml"]), 2);
    assert_eq!(
        status_of(&["lint", "--fail-on", "sometimes", "clean.yaml"]),
        2
    );
    assert_eq!(status_of(&["lint"]), 2);
}

fn wide() -> String {
    CLEAN.replace("*.pxc.svc.cluster.local", "*.local")
}

#[test]
fn a_code_is_explained_and_a_slip_gets_the_code_that_was_meant() {
    let folder = folder(&[]);
    let page = eastwest(folder.path(), &["explain", "ew102"]);
    assert_eq!(status(&page), 0);
    assert!(said(&page).starts_with("EW102: an endpoint gets plain text"));
    let list = eastwest(folder.path(), &["explain"]);
    assert!(said(&list).lines().count() > 50 && said(&list).contains("EW917"));
    let kind = eastwest(folder.path(), &["explain", "ew10"]);
    assert_eq!(status(&kind), 0);
    let codes = said(&kind);
    let codes: Vec<_> = codes.lines().map(|line| &line[..5]).collect();
    let expected = (1..=9).map(|number| format!("EW10{number}"));
    assert_eq!(codes, expected.collect::<Vec<_>>());
    for none in ["", "EW6"] {
        assert_eq!(status(&eastwest(folder.path(), &["explain", none])), 2);
    }
    let slip = eastwest(folder.path(), &["explain", "EW1022"]);
    assert_eq!(status(&slip), 2);
    assert!(
        complained(&slip).contains("did you mean EW102?"),
        "{}",
        complained(&slip)
    );
}
