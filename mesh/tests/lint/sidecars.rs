//! What Istio takes, and its sidecars then do not do.

use eastwest_mesh::Source;

use super::{in_istio, mended, service_entry, source};

fn ids(texts: &[&str]) -> Vec<&'static str> {
    let name = |i: usize| format!("{i}.yaml");
    let files = texts.iter().enumerate();
    let files: Vec<_> = files.map(|(i, text)| source(&name(i), text)).collect();
    in_istio(&files)
        .iter()
        .map(|lint| lint.finding.code.id())
        .collect()
}

fn has(texts: &[&str], id: &str) -> bool {
    ids(texts).contains(&id)
}

fn rule(host: &str, tls: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d, namespace: pxc}}\n\
         spec: {{host: {host}, trafficPolicy: {{tls: {{{tls}}}}}}}\n"
    )
}

#[test]
fn plain_text_is_sent_without_a_label_an_account_or_a_rule() {
    let entry = service_entry("db-0", "");
    let bare = entry.replace(", serviceAccount: db", "");
    let off = entry.replace(
        "serviceAccount: db",
        "labels: {security.istio.io/tlsMode: disabled}",
    );
    let on = bare.replace(
        "15443}",
        "15443}, labels: {security.istio.io/tlsMode: istio}",
    );
    assert!(has(&[&bare], "EW102") && has(&[&off], "EW102"));
    assert!(!has(&[&entry], "EW102") && !has(&[&on], "EW102"));
    for host in [
        "src-db-0.pxc.svc.cluster.local",
        "'*.pxc.svc.cluster.local'",
    ] {
        assert!(!has(&[&bare, &rule(host, "mode: ISTIO_MUTUAL")], "EW102"));
        assert!(has(&[&entry, &rule(host, "mode: DISABLE")], "EW102"));
    }
    assert!(has(
        &[&bare, &rule("other.example.com", "mode: ISTIO_MUTUAL")],
        "EW102"
    ));
}

#[test]
fn tls_of_another_kind_than_the_meshs_finds_a_gateway_closed() {
    let entry = service_entry("db-0", "");
    let with = |tls: &str| {
        let rule = rule("src-db-0.pxc.svc.cluster.local", tls);
        [source("e.yaml", &entry), source("r.yaml", &rule)]
    };
    let count = |files: &[Source]| {
        let found = in_istio(files);
        let of_rule = found
            .iter()
            .filter(|lint| lint.finding.code.id() == "EW407");
        of_rule.count()
    };
    let certificates = "clientCertificate: /c, privateKey: /k";
    for tls in ["mode: SIMPLE", &format!("mode: MUTUAL, {certificates}")] {
        assert_eq!(count(&with(tls)), 1, "{tls}");
    }
    for tls in ["mode: ISTIO_MUTUAL", "mode: DISABLE"] {
        assert_eq!(count(&with(tls)), 0, "{tls}");
    }
    let own = source("r.yaml", &rule("db.example.com", "mode: SIMPLE"));
    assert_eq!(count(&[source("e.yaml", &entry), own]), 0);
    let after = mended(&with("mode: SIMPLE"));
    assert!(after[1].text.contains("tls: {mode: ISTIO_MUTUAL}"));
    let kept = with(&format!("mode: MUTUAL, {certificates}"));
    assert_eq!(mended(&kept)[1], kept[1], "which certificate is meant");
}

#[test]
fn a_rule_that_renames_is_judged_by_what_it_sends() {
    let entry = service_entry("db-0", "");
    let sni = "mode: ISTIO_MUTUAL, sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local";
    let rule = rule("src-db-0.pxc.svc.cluster.local", sni);
    let found = in_istio(&[source("e.yaml", &entry), source("r.yaml", &rule)]);
    let places: Vec<_> = found
        .iter()
        .map(|lint| format!("{} {}", lint.finding.code, lint.finding.origin))
        .collect();
    assert_eq!(places, ["EW101 r.yaml:4:93", "EW106 r.yaml:4:93"]);
}

#[test]
fn tcp_without_addresses_shares_a_listener_and_other_protocols_do_not() {
    let (one, two) = (service_entry("db-0", ""), service_entry("db-1", ""));
    assert_eq!(
        ids(&[&one, &two])
            .iter()
            .filter(|id| **id == "EW103")
            .count(),
        2
    );
    assert!(!has(&[&one], "EW103"));
    let addressed = service_entry("db-1", "addresses: [240.240.2.3]");
    assert!(!has(&[&one, &addressed], "EW103"));
    assert!(has(
        &[
            &one.replace("spec:", "spec:\n  addresses: [240.240.2.3]"),
            &addressed
        ],
        "EW103"
    ));
    assert!(!has(
        &[&one, &two.replace("number: 3306", "number: 3307")],
        "EW103"
    ));
    for protocol in ["HTTP", "TLS"] {
        let other = |text: &str| text.replace("protocol: TCP", &format!("protocol: {protocol}"));
        assert!(!has(&[&other(&one), &other(&two)], "EW103"), "{protocol}");
    }
}

#[test]
fn entries_of_namespaces_that_do_not_see_each_other_share_nothing() {
    let one = service_entry("db-0", "exportTo: ['.']");
    let two = service_entry("db-1", "exportTo: ['.']");
    assert!(has(&[&one, &two], "EW103"));
    let elsewhere = two.replace("namespace: pxc", "namespace: other");
    assert!(!has(&[&one, &elsewhere], "EW103"));
    assert!(has(&[&one, &elsewhere.replace("'.'", "'*'")], "EW103"));
}

#[test]
fn what_istios_own_allocator_has_given_counts_as_an_address() {
    let status = "status: {addresses: [{value: 240.240.0.1}]}\n";
    let one = service_entry("db-0", "") + status;
    assert!(!has(&[&one, &service_entry("db-1", "")], "EW103"));
}

#[test]
fn a_port_that_nobody_maps_is_an_error_and_another_gateway_port_a_warning() {
    let severity = |text: &str| {
        let found = in_istio(&[source("a.yaml", text)]);
        let port = found.iter().find(|lint| lint.finding.code.id() == "EW105");
        port.map(|lint| lint.finding.severity.to_string())
    };
    let entry = service_entry("db-0", "");
    assert_eq!(severity(&entry), None);
    let unmapped = entry.replace("ports: {mysql: 15443}, ", "");
    assert_eq!(severity(&unmapped).as_deref(), Some("error"));
    assert_eq!(
        severity(&entry.replace("15443", "31443")).as_deref(),
        Some("warning")
    );
    let beside = entry.replace("endpoints: [", "endpoints: [{address: 10.9.9.9}, ");
    let beside = beside.replace("src-db-0.pxc", "database.pxc");
    assert_eq!(severity(&beside), None, "an endpoint of the cluster itself");
    let target = unmapped.replace("protocol: TCP", "protocol: TCP, targetPort: 15443");
    assert_eq!(severity(&target), None);
}

#[test]
fn what_to_write_is_one_line_whatever_a_port_is_called() {
    let unmapped = service_entry("db-0", "").replace("ports: {mysql: 15443}, ", "");
    let spoilt = unmapped.replace("name: mysql", "name: \"my\\nsql\"");
    let found = in_istio(&[source("a.yaml", &spoilt)]);
    let port = found.iter().find(|lint| lint.finding.code.id() == "EW105");
    let fix = port.unwrap().finding.fix.as_deref();
    assert_eq!(
        fix,
        Some(r"write ports: {my\nsql: 15443} under the endpoint")
    );
}

#[test]
fn what_is_wrong_beside_an_alias_of_ours_is_found_too() {
    let other =
        service_entry("db-0", "").replace("src-db-0.pxc.svc.cluster.local", "api.example.com");
    let other = other.replace("STATIC", "STATICK").replace("15443", "443");
    assert_eq!(ids(&[&other]), ["EW005"]);
}

#[test]
fn a_wildcard_within_a_label_is_a_warning_in_both_its_forms() {
    for host in ["*-db.example.com", "*db.example.com"] {
        let entry = service_entry("db-0", "");
        let entry = entry.replace("src-db-0.pxc.svc.cluster.local", &format!("'{host}'"));
        let found = in_istio(&[source("a.yaml", &entry)]);
        let said: Vec<_> = found
            .iter()
            .map(|lint| format!("{} {}", lint.finding.code, lint.finding.severity))
            .collect();
        assert_eq!(said, ["EW202 warning"], "{host}");
    }
}
