//! Which names are known, and where they lead when our shims are in the pods.

use eastwest_mesh::forwarding::{Pods, WildcardHosts};
use eastwest_mesh::{Dialect, Severity};

use super::{ALIAS, POD, between, documents, entry, gateway, gateway_of, remarks, service, table};

#[test]
fn an_exported_alias_is_known_by_its_own_name_and_the_pods() {
    for hosts in [
        format!("[{ALIAS}]"),
        format!("[{POD}]"),
        "['*.pxc.svc.cluster.local']".to_owned(),
    ] {
        let found = between(&gateway(&hosts), &[&entry(ALIAS, None)], Pods::Shim);
        assert_eq!(
            table(&found),
            [
                format!("outbound_.3306_._.{POD} {POD}:15444"),
                format!("outbound_.3306_._.{ALIAS} {POD}:15444"),
            ],
            "{hosts}"
        );
    }
}

#[test]
fn every_name_says_where_it_comes_from_and_what_allows_it() {
    let found = between(
        &gateway(&format!("[{ALIAS}]")),
        &[&entry(ALIAS, None)],
        Pods::Shim,
    );
    let [target] = found.targets.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(target.allowed.to_string(), "a.yaml:8:13");
    assert_eq!(target.names[0].origin.to_string(), "b.yaml:5:11");
    assert_eq!(found.port.unwrap().get(), 15443);
}

#[test]
fn what_is_not_exported_is_left_as_it_is_with_a_note() {
    let found = between(
        &gateway("['*.other.svc.cluster.local']"),
        &[&entry(ALIAS, None)],
        Pods::Shim,
    );
    assert!(found.is_empty());
    let notes = remarks(&found, Severity::Note);
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with(&format!("b.yaml:5:11: note: {ALIAS}:3306 leads nowhere")),
        "{notes:?}"
    );
    assert_eq!(remarks(&found, Severity::Error), [""; 0]);
}

#[test]
fn an_alias_that_only_the_caller_knows_leads_to_the_pod_that_it_names() {
    let alias = "orders.shop.svc.cluster.local";
    let caller = entry(alias, Some(POD));
    let both = gateway("['*.svc.cluster.local']");
    let found = between(&both, &[&caller], Pods::Shim);
    assert_eq!(
        table(&found),
        [
            format!("outbound_.3306_._.{POD} {POD}:15444"),
            format!("outbound_.3306_._.{alias} {POD}:15444"),
        ]
    );
    // Its name alone opens no pod that is not exported.
    let found = between(
        &gateway("['*.shop.svc.cluster.local']"),
        &[&caller],
        Pods::Shim,
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn where_both_clusters_name_a_pod_the_gateways_word_counts() {
    let other = "db-1.db.pxc.svc.cluster.local";
    let found = between(
        &gateway("['*.pxc.svc.cluster.local']"),
        &[&entry(ALIAS, Some(other))],
        Pods::Shim,
    );
    assert!(
        table(&found).contains(&format!("outbound_.3306_._.{ALIAS} {POD}:15444")),
        "{found:?}"
    );
    let warnings = remarks(&found, Severity::Warning);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("the gateway's word counts"))
    );
}

#[test]
fn a_server_name_of_a_rule_counts_as_it_is_sent() {
    let rule = format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: rule, namespace: pxc}}\nspec:\n  host: {ALIAS}\n\
         \x20 trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL, sni: outbound_.3306_.V1_.{POD}}}}}\n"
    );
    let caller = documents(&[entry(ALIAS, None), rule]);
    let found = between(&gateway(&format!("[{POD}]")), &[&caller], Pods::Shim);
    let first = format!("outbound_.3306_.v1_.{POD} {POD}:15444");
    assert!(table(&found).contains(&first), "{found:?}");
}

#[test]
fn a_port_of_the_gateways_own_entry_is_dialled() {
    let own = entry(POD, None).replace("ports: {mysql: 15443}", "ports: {mysql: 3306}");
    let cluster = documents(&[gateway("['*.pxc.svc.cluster.local']"), own]);
    let found = between(&cluster, &[], Pods::Shim);
    assert_eq!(
        table(&found),
        [
            format!("outbound_.3306_._.{POD} {POD}:3306"),
            format!("outbound_.3306_._.{ALIAS} {POD}:3306"),
        ]
    );
}

#[test]
fn plain_names_are_for_passthrough_and_others_are_not() {
    let found = between(
        &gateway_of("PASSTHROUGH", &format!("[{ALIAS}]")),
        &[&entry(ALIAS, None)],
        Pods::Shim,
    );
    assert_eq!(
        table(&found),
        [format!("{POD} {POD}:15444"), format!("{ALIAS} {POD}:15444")]
    );
    let dialects = found.targets[0].names.iter().map(|name| name.dialect);
    assert!(
        dialects
            .into_iter()
            .all(|dialect| dialect == Dialect::Plain)
    );
}

#[test]
fn a_service_tells_the_ports_of_a_name_that_is_exported() {
    let cluster = documents(&[gateway(&format!("[{ALIAS}]")), service("src-db-0", 3306)]);
    let found = between(&cluster, &[], Pods::Shim);
    assert_eq!(table(&found).len(), 2);
    assert!(found.wildcards.is_empty());
}

#[test]
fn without_any_port_an_exported_name_is_let_through_with_all() {
    let found = between(&gateway(&format!("[{ALIAS}]")), &[], Pods::Shim);
    assert!(found.targets.is_empty());
    let [wildcard] = found.wildcards.as_slice() else {
        panic!("{found:?}")
    };
    let (names, host) = match &wildcard.hosts {
        WildcardHosts::Any { names, host } => (names, host),
        other => panic!("{other:?}"),
    };
    assert_eq!(host.as_str(), POD);
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, [POD, ALIAS]);
}

#[test]
fn two_callers_with_one_alias_make_its_names_known_once() {
    let caller = entry(ALIAS, None);
    let found = between(
        &gateway(&format!("[{POD}]")),
        &[&caller, &caller],
        Pods::Shim,
    );
    assert_eq!(table(&found).len(), 2);
    assert_eq!(found.targets[0].names[0].origin.to_string(), "b.yaml:5:11");
}
