//! Objects that bear on no alias, or do nothing to one.

use eastwest_mesh::{Capture, Severity};

use super::{destination_rule, lines, load_files, load_text, service_entry};

#[test]
fn a_service_entry_about_the_rest_of_the_world_is_a_note_whatever_it_holds() {
    let text = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\n\
                spec:\n  hosts: [api.example.com]\n  workloadSelector: {}\n  resolution: DNS\n\
                \x20 ports: [{number: 443, name: tls, protocol: UDP}]\n";
    let mesh = load_text(text);
    let [note] = mesh.findings.as_slice() else {
        panic!("{:#?}", mesh.findings)
    };
    assert_eq!(note.severity, Severity::Note);
    assert!(
        note.message.contains("api.example.com is no alias here"),
        "{note}"
    );
}

#[test]
fn a_service_or_virtual_service_of_an_aliass_name_is_a_warning() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: src-db-0, namespace: pxc}\n";
    let routes = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
                  metadata: {name: v, namespace: pxc}\nspec: {hosts: [src-db-0]}\n";
    for neighbour in [service, routes] {
        let mesh = load_files(&[&service_entry("db-0", ""), neighbour], Capture::Vip);
        let warnings = lines(&mesh, Severity::Warning);
        assert!(
            warnings.iter().any(|line| line.starts_with("b.yaml:1:1: ")),
            "{warnings:?}"
        );
        let alone = load_text(neighbour);
        assert_eq!(lines(&alone, Severity::Warning), [""; 0]);
    }
}

#[test]
fn a_lax_peer_authentication_is_a_warning_and_a_strict_one_nothing() {
    let text = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: p}}\n\
             spec:\n  selector: {{matchLabels: {{a: b}}}}\n  mtls: {{mode: {mode}}}\n\
             \x20 portLevelMtls: {{3306: {{mode: {mode}}}}}\n"
        )
    };
    assert_eq!(load_text(&text("STRICT")).findings, []);
    for lax in ["PERMISSIVE", "DISABLE"] {
        assert_eq!(
            lines(&load_text(&text(lax)), Severity::Warning),
            [
                format!(
                    "a.yaml:6:16: warning[EW905]: PeerAuthentication default/p: spec.mtls.mode {lax} has no effect: mTLS stays required here"
                ),
                format!(
                    "a.yaml:7:32: warning[EW905]: PeerAuthentication default/p: spec.portLevelMtls.3306.mode {lax} has no effect: mTLS stays required here"
                ),
            ]
        );
    }
}

#[test]
fn a_kind_that_is_not_read_is_a_note() {
    let mesh = load_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n");
    let [note] = mesh.findings.as_slice() else {
        panic!("{:?}", mesh.findings)
    };
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(
        note.to_string(),
        "a.yaml:1:1: note[EW903]: Deployment default/x: Deployment (apps/v1) is passed over"
    );
}

#[test]
fn a_rule_whose_host_is_no_alias_is_a_warning_and_one_that_others_are_narrower_than_a_note() {
    let entry = service_entry("db-0", "");
    let rule = |host: &str| destination_rule(host, "tls: {mode: ISTIO_MUTUAL}");
    for host in ["src-db-00", "'*.pcx.svc.cluster.local'"] {
        let mesh = load_files(&[&entry, &rule(host)], Capture::Vip);
        let warnings = lines(&mesh, Severity::Warning);
        let [warning] = warnings.as_slice() else {
            panic!("{:#?}", mesh.findings)
        };
        assert!(
            warning.starts_with("b.yaml:1:1: warning[EW409]: DestinationRule pxc/rule: "),
            "{warning}"
        );
    }
    let wide = rule("'*'").replace("name: rule", "name: wide");
    let mesh = load_files(&[&entry, &rule("src-db-0"), &wide], Capture::Vip);
    assert_eq!(lines(&mesh, Severity::Warning), [""; 0]);
    // Plain text to somebody else is no rule of ours.
    let other = destination_rule("reviews", "tls: {mode: DISABLE}");
    let mesh = load_files(&[&entry, &other], Capture::Vip);
    assert_eq!(lines(&mesh, Severity::Warning), [""; 0]);
}
