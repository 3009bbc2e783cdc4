//! Whether the gateway has a filter chain for the alias, and whom the chain leads to.

use eastwest_mesh::Source;
use eastwest_mesh::lint::{Lint, View, lint};

use super::{options, service_entry, source};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: src-db-0, namespace: pxc}\nspec:\n  \
    selector: {statefulset.kubernetes.io/pod-name: db-0}\n  ports: [{port: 3306}]\n";
const GATEWAY: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
    metadata: {name: g, namespace: pxc}\nspec:\n  servers:\n  \
    - port: {number: 15443, name: tls, protocol: TLS}\n    tls: {mode: AUTO_PASSTHROUGH}\n    \
    hosts: [src-db-0.pxc.svc.cluster.local]\n";
/// Of a ServiceEntry in the cluster of the gateway.
const KNOWN: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
    metadata: {name: src-db-0, namespace: pxc}\nspec:\n  hosts: [src-db-0.pxc.svc.cluster.local]\n  \
    location: MESH_INTERNAL\n  ports: [{number: 3306, name: mysql, protocol: TCP}]\n  \
    resolution: STATIC\n  \
    workloadSelector: {labels: {statefulset.kubernetes.io/pod-name: db-0}}\n";

fn found(far: &[&str], client: &str) -> Vec<Lint> {
    let name = |i: usize| format!("a/{i}.yaml");
    let far = far.iter().enumerate();
    let far: Vec<Source> = far.map(|(i, text)| source(&name(i), text)).collect();
    let client = vec![source("bb/entry.yaml", client)];
    lint(&[far, client], &options(View::Istio))
}

/// `error EW101 a/0.yaml:6` of each.
fn places(far: &[&str]) -> Vec<String> {
    told(&found(far, &service_entry("db-0", "")))
}

fn told(found: &[Lint]) -> Vec<String> {
    let place = |lint: &Lint| {
        let finding = &lint.finding;
        let (file, line) = (&finding.origin.file, finding.origin.line);
        format!("{} {} {file}:{line}", finding.severity, finding.code)
    };
    found.iter().map(place).collect()
}

fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn a_service_of_the_pod_that_the_gateway_exports_is_right() {
    assert_eq!(places(&[SERVICE, GATEWAY]), [""; 0]);
    assert_eq!(places(&[KNOWN, GATEWAY]), [""; 0]);
    let by_index = changed(
        SERVICE,
        "statefulset.kubernetes.io/pod-name: db-0",
        "app: db, apps.kubernetes.io/pod-index: '0'",
    );
    assert_eq!(places(&[&by_index, GATEWAY]), [""; 0]);
}

#[test]
fn each_change_of_the_service_is_told_at_its_line() {
    const POD: &str = "statefulset.kubernetes.io/pod-name: db-0";
    const PORT: &str = "{port: 3306}";
    let cases = [
        (PORT, "{port: 3307}", "error EW101 a/0.yaml:6"),
        (
            PORT,
            "{port: 3306, protocol: UDP}",
            "error EW101 a/0.yaml:6",
        ),
        (
            POD,
            "statefulset.kubernetes.io/pod-name: db-1",
            "error EW112 a/0.yaml:5",
        ),
        (
            POD,
            "apps.kubernetes.io/pod-index: '1'",
            "error EW112 a/0.yaml:5",
        ),
        (POD, "app: db", "warning EW106 a/0.yaml:5"),
        (
            "selector: {statefulset.kubernetes.io/pod-name: db-0}\n  ",
            "",
            "warning EW106 a/0.yaml:5",
        ),
        (
            "selector: {statefulset.kubernetes.io/pod-name: db-0}\n",
            "type: ExternalName\n  externalName: db.example.com\n",
            "error EW101 a/0.yaml:5",
        ),
        (
            "namespace: pxc",
            "namespace: pxc, annotations: {networking.istio.io/exportTo: '~'}",
            "error EW101 a/0.yaml:3",
        ),
    ];
    for (from, to, expected) in cases {
        let service = changed(SERVICE, from, to);
        assert_eq!(places(&[&service, GATEWAY]), [expected], "{to}");
        assert_eq!(places(&[&service]), [expected], "{to}, without a Gateway");
    }
}

#[test]
fn each_change_of_a_service_entry_is_told_too() {
    let cases = [
        (
            "location: MESH_INTERNAL",
            "location: MESH_EXTERNAL",
            "error EW101 a/0.yaml:6",
        ),
        ("number: 3306", "number: 3307", "error EW101 a/0.yaml:7"),
        (
            "resolution: STATIC",
            "resolution: STATIC\n  exportTo: ['~']",
            "error EW101 a/0.yaml:9",
        ),
        ("pod-name: db-0", "pod-name: db-1", "error EW112 a/0.yaml:9"),
    ];
    for (from, to, expected) in cases {
        let entry = changed(KNOWN, from, to);
        assert_eq!(places(&[&entry, GATEWAY]), [expected], "{to}");
    }
}

#[test]
fn each_change_of_the_gateway_is_told_at_the_alias() {
    const ALIAS: &str = "bb/entry.yaml:5";
    let cases = [
        (
            "src-db-0.pxc",
            "src-db-1.pxc",
            "error",
            "No Gateway's hosts",
        ),
        (
            "AUTO_PASSTHROUGH",
            "PASSTHROUGH",
            "error",
            "mode PASSTHROUGH",
        ),
        ("number: 15443", "number: 15444", "warning", "on port 15444"),
    ];
    for (from, to, severity, words) in cases {
        let gateway = changed(GATEWAY, from, to);
        let found = found(&[SERVICE, &gateway], &service_entry("db-0", ""));
        assert_eq!(told(&found), [format!("{severity} EW113 {ALIAS}")], "{to}");
        let message = found[0].finding.message.to_lowercase();
        assert!(message.contains(&words.to_lowercase()), "{message}");
    }
    let elsewhere = changed(GATEWAY, "number: 15443", "number: 31443");
    let client = changed(&service_entry("db-0", ""), "15443", "31443");
    let client = changed(
        &client,
        "endpoints: [",
        "endpoints: [{address: 10.0.0.2, ports: {mysql: 15443}, serviceAccount: db}, ",
    );
    let codes = told(&found(&[SERVICE, &elsewhere], &client));
    assert!(
        !codes.iter().any(|code| code.contains("EW113")),
        "{codes:?}"
    );
}

#[test]
fn protocol_https_passes_tls_on_as_well() {
    let https = changed(GATEWAY, "protocol: TLS", "protocol: HTTPS");
    assert_eq!(places(&[SERVICE, &https]), [""; 0]);
}

#[test]
fn the_gateways_of_the_services_own_cluster_count_and_one_way_through_is_enough() {
    let client = service_entry("db-0", "");
    let other = changed(GATEWAY, "src-db-0.pxc", "src-db-1.pxc");
    let files = |folder: &str, texts: &[&str]| -> Vec<Source> {
        let name = |i: usize| format!("{folder}/{i}.yaml");
        let texts = texts.iter().enumerate();
        texts.map(|(i, text)| source(&name(i), text)).collect()
    };
    let ids = |clusters: &[Vec<Source>]| told(&lint(clusters, &options(View::Istio)));
    let entry = || files("bb", &[&client]);
    assert_eq!(
        ids(&[
            files("a", &[SERVICE, &other]),
            entry(),
            files("c", &[GATEWAY])
        ]),
        ["error EW113 bb/0.yaml:5"],
        "the cluster that exports it does not know it"
    );
    assert_eq!(
        ids(&[files("a", &[SERVICE]), entry(), files("c", &[GATEWAY])]),
        [""; 0],
        "a folder for each kind"
    );
    let wrong = changed(SERVICE, "3306", "3307");
    assert_eq!(
        ids(&[
            files("a", &[&wrong, GATEWAY]),
            entry(),
            files("c", &[SERVICE, GATEWAY])
        ]),
        [""; 0],
        "another cluster has it right"
    );
}

#[test]
fn a_server_name_of_a_rule_is_what_must_have_a_chain() {
    let rule = |sni: &str| {
        format!(
            "{}---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
             metadata: {{name: d, namespace: pxc}}\nspec: {{host: src-db-0.pxc.svc.cluster.local, \
             trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL, sni: {sni}}}}}}}\n",
            service_entry("db-0", "")
        )
    };
    let told = |sni: &str| told(&found(&[SERVICE, GATEWAY], &rule(sni)));
    let own = "outbound_.3306_._.src-db-0.pxc.svc.cluster.local";
    assert_eq!(told(own), [""; 0]);
    assert_eq!(
        told(&own.replace("3306", "3307")),
        ["error EW101 a/0.yaml:6"]
    );
}

#[test]
fn an_annotation_says_which_pod_is_meant() {
    let client = changed(
        &service_entry("db-0", ""),
        "namespace: pxc",
        "namespace: pxc, annotations: {eastwest.dev/remote-host: db-1.db.pxc.svc.cluster.local}",
    );
    let other = changed(SERVICE, "pod-name: db-0", "pod-name: db-1");
    assert_eq!(told(&found(&[&other, GATEWAY], &client)), [""; 0]);
    assert_eq!(
        told(&found(&[SERVICE, GATEWAY], &client)),
        ["error EW112 a/0.yaml:5"]
    );
}

#[test]
fn what_nobody_can_know_is_a_warning_that_says_so() {
    let alone = lint(
        &[vec![source("bb/entry.yaml", &service_entry("db-0", ""))]],
        &options(View::Istio),
    );
    assert_eq!(
        told(&alone),
        [
            "warning EW101 bb/entry.yaml:5",
            "warning EW106 bb/entry.yaml:5"
        ]
    );
    for lint in &alone {
        let message = &lint.finding.message;
        assert!(message.contains("no file of another cluster is among these"));
    }
    let other = changed(SERVICE, "db-0", "db-7");
    assert_eq!(
        places(&[&other]),
        ["error EW101 bb/entry.yaml:5", "error EW106 bb/entry.yaml:5"]
    );
}

#[test]
fn the_server_name_is_written_as_a_log_of_envoy_has_it() {
    let found = found(&[GATEWAY], &service_entry("db-0", ""));
    let message = &found[0].finding.message;
    let name = "outbound_.3306_._.src-db-0.pxc.svc.cluster.local";
    assert!(message.contains(name), "{message}");
    assert!(message.contains("closes it without a byte"), "{message}");
}
