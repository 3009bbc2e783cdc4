//! Addresses that are the cluster's own.

use eastwest_mesh::lint::{Options, View, lint};

use super::{options, service_entry, source};

fn severity(address: &str, options: &Options, more: &str) -> Option<String> {
    let entry = service_entry("db-0", &format!("addresses: [{address}]"));
    let files = vec![source("a.yaml", &entry), source("b.yaml", more)];
    let found = lint(&[files], options);
    let range = found.iter().find(|lint| lint.finding.code.id() == "EW110");
    range.map(|lint| lint.finding.severity.to_string())
}

#[test]
fn ranges_that_are_given_are_errors_and_usual_ones_are_notes() {
    let usual = options(View::Istio);
    assert_eq!(severity("10.96.0.9", &usual, "").as_deref(), Some("note"));
    assert_eq!(severity("10.43.0.9", &usual, "").as_deref(), Some("note"));
    assert_eq!(severity("240.240.0.9", &usual, ""), None);
    let given = Options {
        pod_ranges: vec!["10.42.0.0/16".parse().unwrap()],
        service_ranges: vec!["172.30.0.0/16".parse().unwrap()],
        ..usual
    };
    assert_eq!(severity("10.42.1.1", &given, "").as_deref(), Some("error"));
    assert_eq!(severity("172.30.1.1", &given, "").as_deref(), Some("error"));
    assert_eq!(
        severity("10.96.0.9", &given, ""),
        None,
        "the services are elsewhere"
    );
}

#[test]
fn the_address_of_a_service_in_the_files_is_known() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: pxc}\n\
                   spec: {clusterIP: 10.7.7.7}\n";
    let usual = options(View::Istio);
    assert_eq!(
        severity("10.7.7.7", &usual, service).as_deref(),
        Some("error")
    );
    assert_eq!(severity("10.7.7.8", &usual, service), None);
}
