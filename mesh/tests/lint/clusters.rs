//! Files of several clusters at once.

use eastwest_mesh::Source;
use eastwest_mesh::lint::{View, lint};

use super::{options, service_entry, source};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: src-db-0, namespace: pxc}\nspec:\n  \
    selector: {statefulset.kubernetes.io/pod-name: db-0}\n  ports: [{port: 3306}]\n";
const GATEWAY: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
    metadata: {name: g, namespace: istio-system}\nspec:\n  servers:\n  \
    - port: {number: 15443, name: tls, protocol: TLS}\n    tls: {mode: AUTO_PASSTHROUGH}\n    \
    hosts: ['*.pxc.svc.cluster.local']\n";

fn file(name: &str, text: &str) -> Source {
    source(name, text)
}

fn ids(clusters: &[Vec<Source>]) -> Vec<&'static str> {
    let found = lint(clusters, &options(View::Istio));
    found.iter().map(|lint| lint.finding.code.id()).collect()
}

#[test]
fn the_gateways_own_cluster_must_know_the_name() {
    let entry = || file("b/entry.yaml", &service_entry("db-0", ""));
    let gateway = || file("a/gateway.yaml", GATEWAY);
    let near = || file("b/service.yaml", SERVICE);
    let far = || file("a/service.yaml", SERVICE);
    assert_eq!(ids(&[vec![gateway(), far()], vec![entry()]]), [""; 0]);
    assert_eq!(
        ids(&[vec![gateway()], vec![entry(), near()]]),
        ["EW101", "EW106"],
        "the client's own cluster has the Service"
    );
    assert_eq!(
        ids(&[vec![gateway(), entry(), far()]]),
        [""; 0],
        "all in one folder"
    );
}

#[test]
fn names_clash_within_a_cluster_only() {
    let gateway = |folder: &str, host: &str| {
        file(&format!("{folder}/g.yaml"), &GATEWAY.replace("*.pxc", host))
    };
    let (a, b) = (gateway("a", "*.pxc"), gateway("b", "*.demo"));
    assert_eq!(ids(&[vec![a.clone()], vec![b.clone()]]), [""; 0]);
    assert_eq!(ids(&[vec![a, b]]), ["EW006"]);
}

#[test]
fn an_alias_defined_twice_is_told_at_the_second_file() {
    let one = file(
        "b/one.yaml",
        &service_entry("db-0", "addresses: [240.240.1.1]"),
    );
    let text = service_entry("db-0", "addresses: [240.240.1.2]").replace("name: src-", "name: b-");
    let two = file("b/two.yaml", &text);
    let found = lint(&[vec![one.clone(), two.clone()]], &options(View::Istio));
    let twice: Vec<_> = found
        .iter()
        .filter(|lint| lint.finding.code.id() == "EW108")
        .map(|lint| lint.finding.to_string())
        .collect();
    assert_eq!(twice.len(), 1, "{found:#?}");
    assert!(twice[0].starts_with("b/two.yaml:5:11: ") && twice[0].contains("b/one.yaml:5:11"));
    assert!(!ids(&[vec![one], vec![two]]).contains(&"EW108"));
}

#[test]
fn a_name_that_is_no_alias_is_an_error_only_beside_the_files_of_a_gateway() {
    let entry = service_entry("db-0", "").replace("src-db-0", "database");
    let entry = || file("b/entry.yaml", &entry);
    let alone = lint(&[vec![entry()]], &options(View::Istio));
    assert_eq!(alone[0].finding.severity.to_string(), "note");
    let gateway = file("a/gateway.yaml", GATEWAY);
    let beside = lint(&[vec![gateway], vec![entry()]], &options(View::Istio));
    assert_eq!(beside[0].finding.severity.to_string(), "error");
}

#[test]
fn a_rule_of_another_folder_counts_where_the_own_one_has_none() {
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
        metadata: {name: d, namespace: pxc}\nspec:\n  host: '*.pxc.svc.cluster.local'\n  \
        trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}\n";
    let entry = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = || vec![file("entries/e.yaml", &entry)];
    let rules = |text: &str| vec![file("rules/r.yaml", text)];
    assert!(ids(&[entry()]).contains(&"EW102"));
    assert!(!ids(&[entry(), rules(rule)]).contains(&"EW102"));
    let mut own = entry();
    own.push(file(
        "entries/r.yaml",
        &rule.replace("ISTIO_MUTUAL", "DISABLE"),
    ));
    assert!(
        ids(&[own, rules(rule)]).contains(&"EW102"),
        "the own one comes first"
    );
}
