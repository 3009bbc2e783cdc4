//! Warnings of what the same files would do with Istio's own sidecar.

use eastwest_mesh::{Capture, Severity};

use super::{lines, load_files, service_entry};

const CLEAN: &str = "addresses: [240.240.2.3]";

fn warned(texts: &[&str], about: &str) -> bool {
    let mesh = load_files(texts, Capture::Redirect);
    assert!(!mesh.routes.is_empty());
    lines(&mesh, Severity::Warning)
        .iter()
        .any(|line| line.contains(about))
}

#[test]
fn an_endpoint_that_istio_would_send_plain_text_to() {
    let entry = service_entry("db-0", CLEAN);
    let bare = entry.replace(", serviceAccount: db", "");
    let label = "labels: {security.istio.io/tlsMode: istio}";
    let labelled = bare.replace("15443}", &format!("15443}}, {label}"));
    let switched_off = entry.replace(
        "15443}",
        "15443}, labels: {security.istio.io/tlsMode: disabled}",
    );
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\n\
                spec: {host: src-db-0.pxc.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}\n";
    assert!(warned(&[&bare], "plain text"));
    assert!(warned(&[&switched_off], "plain text"));
    assert!(!warned(&[&entry], "plain text"));
    assert!(!warned(&[&labelled], "plain text"));
    assert!(!warned(&[&bare, rule], "plain text"));
}

#[test]
fn a_server_name_that_no_gateway_of_istio_knows() {
    let entry = service_entry("db-0", CLEAN);
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\n\
                spec: {host: src-db-0.pxc.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, \
                sni: outbound_.3306_._.db-0.pxc.svc.cluster.local}}}\n";
    assert!(warned(&[&entry], "istio#45173"));
    assert!(!warned(&[&entry, rule], "istio#45173"));
}

#[test]
fn tcp_aliases_that_would_share_a_listener() {
    let (one, two) = (service_entry("db-0", ""), service_entry("db-1", ""));
    let addressed = service_entry("db-1", CLEAN);
    let other_port = two.replace("3306", "3307");
    assert!(warned(&[&one, &two], "share one listener"));
    assert!(!warned(&[&one], "share one listener"));
    assert!(!warned(&[&one, &addressed], "share one listener"));
    assert!(!warned(&[&one, &other_port], "share one listener"));
    let http = |text: &str| text.replace("protocol: TCP", "protocol: HTTP");
    assert!(!warned(&[&http(&one), &http(&two)], "share one listener"));
}

#[test]
fn a_resolution_that_istio_refuses() {
    let entry = service_entry("db-0", CLEAN);
    assert!(!warned(&[&entry], "resolution"));
    assert!(warned(
        &[&entry.replace("  resolution: STATIC\n", "")],
        "resolution NONE"
    ));
    let named = entry.replace("10.0.0.1", "gw.example.com");
    assert!(warned(&[&named], "resolution STATIC"));
    assert!(!warned(&[&named.replace("STATIC", "DNS")], "resolution"));
}

#[test]
fn an_identity_with_a_star() {
    let entry = service_entry(
        "db-0",
        "addresses: [240.240.2.3]\nsubjectAltNames: ['spiffe://td/ns/a/sa/*']",
    );
    assert!(warned(&[&entry], "Istio takes it literally"));
}
