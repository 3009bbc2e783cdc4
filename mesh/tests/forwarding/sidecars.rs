//! Where names lead when Istio's sidecars are in the pods.

use eastwest_mesh::Severity;
use eastwest_mesh::forwarding::{Pods, TargetKind};

use super::{ALIAS, POD, between, documents, entry, gateway, gateway_of, remarks, service, table};

#[test]
fn a_service_of_the_name_is_dialled_at_its_own_port() {
    let cluster = documents(&[gateway(&format!("[{ALIAS}]")), service("src-db-0", 3306)]);
    let found = between(&cluster, &[&entry(ALIAS, None)], Pods::Sidecar);
    assert!(table(&found).contains(&format!("outbound_.3306_._.{ALIAS} {ALIAS}:3306")));
    let of_service = found
        .targets
        .iter()
        .find(|target| target.host.as_str() == ALIAS);
    assert_eq!(of_service.unwrap().kind, TargetKind::Service);
}

#[test]
fn without_one_the_pod_is_dialled_at_the_apps_port() {
    let found = between(
        &gateway("['*.pxc.svc.cluster.local']"),
        &[&entry(ALIAS, None)],
        Pods::Sidecar,
    );
    assert_eq!(
        table(&found),
        [
            format!("outbound_.3306_._.{POD} {POD}:3306"),
            format!("outbound_.3306_._.{ALIAS} {POD}:3306"),
        ]
    );
}

#[test]
fn a_plain_name_is_dialled_at_the_port_that_its_alias_has() {
    let found = between(
        &gateway_of("PASSTHROUGH", "['*.pxc.svc.cluster.local']"),
        &[&entry(ALIAS, None)],
        Pods::Sidecar,
    );
    assert_eq!(
        table(&found),
        [format!("{POD} {POD}:3306"), format!("{ALIAS} {POD}:3306")]
    );
}

#[test]
fn the_clusters_own_services_are_known_as_istios_gateway_knows_them() {
    let cluster = documents(&[
        gateway("['*.pxc.svc.cluster.local']"),
        service("db", 3306),
        service("other", 80),
    ]);
    let found = between(&cluster, &[], Pods::Sidecar);
    assert_eq!(
        table(&found),
        [
            "outbound_.3306_._.db.pxc.svc.cluster.local db.pxc.svc.cluster.local:3306",
            "outbound_.80_._.other.pxc.svc.cluster.local other.pxc.svc.cluster.local:80",
        ]
    );
}

#[test]
fn a_wildcard_is_never_a_form_as_every_port_would_be_open() {
    let found = between(&gateway("['*.pxc.svc.cluster.local']"), &[], Pods::Sidecar);
    assert!(found.is_empty());
    let errors = remarks(&found, Severity::Error);
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].contains("nothing is let through by this wildcard"),
        "{errors:?}"
    );
}

#[test]
fn a_name_without_a_port_is_left_out() {
    let found = between(&gateway(&format!("[{POD}]")), &[], Pods::Sidecar);
    assert!(found.is_empty());
    let errors = remarks(&found, Severity::Error);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("says its ports"), "{errors:?}");
}

#[test]
fn it_is_said_that_sidecars_are_not_looked_for() {
    let found = between(&gateway("['*.pxc.svc.cluster.local']"), &[], Pods::Sidecar);
    let warnings = remarks(&found, Severity::Warning);
    assert!(
        warnings[0].contains("pods without a sidecar"),
        "{warnings:?}"
    );
    let found = between(&gateway("['*.pxc.svc.cluster.local']"), &[], Pods::Shim);
    assert_eq!(remarks(&found, Severity::Warning), [""; 0]);
}
