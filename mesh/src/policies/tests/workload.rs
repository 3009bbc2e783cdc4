//! Whom a policy is about: namespace, labels and trust domain of the workload.

use super::*;

#[test]
fn the_selector_and_the_namespace_decide_whom_a_policy_is_about() {
    let select = |label: &str| {
        format!("spec: {{selector: {{matchLabels: {{app: {label}}}}}, rules: [{{}}]}}")
    };
    assert!(allows(&[&select("db")], 3306, DB));
    assert!(!allows(&[&select("web")], 3306, DB));
    let elsewhere = format!("metadata: {{name: x, namespace: other}}\n{EVERYONE}");
    assert!(!allows(&[&elsewhere], 3306, DB));
    let root = format!("metadata: {{name: x, namespace: istio-system}}\n{EVERYONE}");
    assert!(allows(&[&root], 3306, DB));
}

/// Whether `td/ns/pxc/sa/db` may call a workload of the trust domain `own`.
fn allows_in(own: &str, policies: &[&str], td: &str) -> bool {
    let labels = labels(&[("app", "db")]);
    let inbound = mesh(policies).policies.inbound(&workload(own, &labels));
    inbound
        .allows(NonZeroU16::new(3306).unwrap(), &principal(td, DB))
        .is_ok()
}

#[test]
fn cluster_local_in_an_identity_means_the_own_trust_domain_too() {
    for pattern in ["cluster.local/ns/pxc/sa/db", "cluster.local/ns/pxc/sa/*"] {
        let allow = rule(&format!("principals: [{pattern}]"));
        let not = rule(&format!("notPrincipals: [{pattern}]"));
        let deny = allow.replace("rules:", "action: DENY, rules:");
        for (td, named) in [("td", true), ("cluster.local", true), ("other", false)] {
            assert_eq!(allows_in("td", &[&allow], td), named, "{pattern} {td}");
            assert_eq!(allows_in("td", &[&not], td), !named, "{pattern} {td}");
            assert_eq!(allows_in("td", &[EVERYONE, &deny], td), !named, "{td}");
        }
    }
}

#[test]
fn cluster_local_in_a_pattern_of_fewer_parts_is_only_itself() {
    for pattern in ["cluster.local/ns/pxc/*", "cluster.local/*"] {
        let allow = rule(&format!("principals: [{pattern}]"));
        assert!(!allows_in("td", &[&allow], "td"), "{pattern}");
        assert!(allows_in("td", &[&allow], "cluster.local"), "{pattern}");
    }
}

#[test]
fn a_deny_with_a_selector_holds_for_a_workload_whose_labels_nobody_knows() {
    let unknown = BTreeMap::new();
    let deny = "spec: {action: DENY, selector: {matchLabels: {app: web}}, rules: [{}]}";
    let elsewhere = format!("metadata: {{name: x, namespace: other}}\n{deny}");
    let policies = mesh(&[EVERYONE, deny, &elsewhere]).policies;
    let here = workload("cluster.local", &unknown);
    let caller = principal("cluster.local", DB);
    let port = NonZeroU16::new(3306).unwrap();
    assert!(policies.inbound(&here).allows(port, &caller).is_err());
    assert_eq!(policies.assumed(&here), ["pxc/p1"]);
    let known = labels(&[("app", "db")]);
    let here = workload("cluster.local", &known);
    assert!(policies.inbound(&here).allows(port, &caller).is_ok());
    assert_eq!(policies.assumed(&here), [""; 0]);
}

#[test]
fn an_allow_with_a_selector_lets_nobody_in_where_labels_are_not_known() {
    let unknown = BTreeMap::new();
    let select = "spec: {selector: {matchLabels: {app: db}}, rules: [{}]}";
    let inbound = mesh(&[select]).policies.inbound(&workload("td", &unknown));
    assert!(inbound.is_empty());
}

#[test]
fn a_deny_without_a_namespace_holds_in_every_namespace_and_says_so() {
    for metadata in [
        "{name: x}",
        "{name: x, namespace: 5}",
        "{name: x, namespace: }",
    ] {
        let deny = format!(
            "metadata: {metadata}\nspec: {{action: DENY, rules: [{{from: [{{source: {{namespaces: [pxc]}}}}]}}]}}"
        );
        assert!(!allows(&[EVERYONE, &deny], 3306, DB), "{metadata}");
        let warnings = mesh(&[&deny]).findings;
        let said = |f: &crate::Finding| f.message.contains("holds in every namespace");
        assert!(warnings.iter().any(said), "{warnings:?}");
    }
    let allow = format!("metadata: {{name: x}}\n{EVERYONE}");
    assert!(!allows(&[&allow], 3306, DB));
}
