use std::collections::BTreeMap;

use super::*;
use crate::{Capture, Mesh, Options, Severity, load};

mod mistakes;
mod workload;

fn mesh(policies: &[&str]) -> Mesh {
    let header = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n";
    let texts = policies.iter().enumerate().map(|(i, policy)| {
        let metadata = format!("metadata: {{name: p{i}, namespace: pxc}}\n");
        let own = policy.contains("metadata:");
        format!("{header}{}{policy}\n", if own { "" } else { &metadata })
    });
    let text = texts.collect::<Vec<_>>().join("---\n");
    let source = crate::Source {
        name: "p.yaml".into(),
        text,
    };
    let cluster_domain = "cluster.local".parse().unwrap();
    load(
        &[source],
        &Options {
            cluster_domain,
            capture: Capture::Vip,
        },
    )
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// Whether `spiffe://cluster.local/PATH` may call `port` of a workload labelled app=db in pxc.
fn allows(policies: &[&str], port: u16, path: &str) -> bool {
    let labels = labels(&[("app", "db")]);
    let workload = workload("cluster.local", &labels);
    let principal = principal("cluster.local", path);
    mesh(policies)
        .policies
        .inbound(&workload)
        .allows(NonZeroU16::new(port).unwrap(), &principal)
        .is_ok()
}

fn workload<'a>(trust_domain: &'a str, labels: &'a BTreeMap<String, String>) -> Workload<'a> {
    Workload {
        trust_domain,
        namespace: "pxc",
        labels,
    }
}

fn principal<'a>(trust_domain: &'a str, path: &'a str) -> Principal<'a> {
    Principal { trust_domain, path }
}

fn rule(source: &str) -> String {
    format!("spec: {{rules: [{{from: [{{source: {{{source}}}}}]}}]}}")
}

const DB: &str = "/ns/pxc/sa/db";
const EVERYONE: &str = "spec: {rules: [{}]}";

#[test]
fn without_an_allow_policy_nobody_may_call() {
    assert!(!allows(&[], 3306, DB));
    assert!(!allows(
        &["spec: {action: DENY, rules: [{to: [{operation: {ports: ['1']}}]}]}"],
        3306,
        DB
    ));
    assert!(!allows(&["spec: {}"], 3306, DB), "ALLOW without rules");
    assert!(allows(&[EVERYONE], 3306, DB));
}

#[test]
fn principals_match_in_istios_four_ways() {
    for (pattern, matches) in [
        ("cluster.local/ns/pxc/sa/db", true),
        ("cluster.local/ns/pxc/*", true),
        ("'*/sa/db'", true),
        ("'*'", true),
        ("cluster.local/ns/pxc/sa/d", false),
        ("other/ns/pxc/sa/db", false),
        ("'*/sa/dbx'", false),
    ] {
        assert_eq!(
            allows(&[&rule(&format!("principals: [{pattern}]"))], 3306, DB),
            matches,
            "{pattern}"
        );
        let not = rule(&format!("notPrincipals: [{pattern}]"));
        assert_eq!(allows(&[&not], 3306, DB), !matches, "not {pattern}");
    }
}

#[test]
fn namespaces_are_those_of_the_callers_identity() {
    assert!(allows(&[&rule("namespaces: [pxc]")], 3306, DB));
    assert!(allows(&[&rule("namespaces: ['px*']")], 3306, DB));
    assert!(!allows(&[&rule("namespaces: [px]")], 3306, DB));
    assert!(!allows(&[&rule("namespaces: ['*']")], 3306, "/workload/x"));
    assert!(!allows(&[&rule("notNamespaces: [pxc]")], 3306, DB));
    assert!(allows(&[&rule("notNamespaces: [other]")], 3306, DB));
}

#[test]
fn all_conditions_of_a_source_must_hold_and_any_source_will_do() {
    let both = rule("principals: ['*/sa/db'], notNamespaces: [pxc]");
    assert!(!allows(&[&both], 3306, DB));
    assert!(allows(&[&both], 3306, "/ns/other/sa/db"));
    let either =
        "spec: {rules: [{from: [{source: {namespaces: [a]}}, {source: {namespaces: [pxc]}}]}]}";
    assert!(allows(&[either], 3306, DB));
}

#[test]
fn ports_narrow_a_rule() {
    let rule =
        |operation: &str| format!("spec: {{rules: [{{to: [{{operation: {{{operation}}}}}]}}]}}");
    assert!(allows(&[&rule("ports: ['3306', '33060']")], 33060, DB));
    assert!(!allows(&[&rule("ports: ['3306']")], 33060, DB));
    assert!(!allows(&[&rule("notPorts: ['3306']")], 3306, DB));
    assert!(allows(&[&rule("notPorts: ['3306']")], 33060, DB));
}

#[test]
fn a_matching_deny_goes_before_every_allow() {
    let deny = "spec: {action: DENY, rules: [{from: [{source: {principals: ['*/sa/db']}}]}]}";
    assert!(!allows(&[EVERYONE, deny], 3306, DB));
    assert!(allows(&[EVERYONE, deny], 3306, "/ns/pxc/sa/other"));
}

#[test]
fn a_closed_policy_lets_nobody_in_and_says_why() {
    let closed = InboundPolicy::closed("because".to_owned());
    let refused = closed.allows(NonZeroU16::new(1).unwrap(), &principal("td", DB));
    assert_eq!(refused.unwrap_err().to_string(), "nobody may call: because");
    assert!(!closed.is_empty());
}

#[test]
fn an_audit_policy_changes_nothing() {
    assert!(!allows(&["spec: {action: AUDIT, rules: [{}]}"], 3306, DB));
    assert!(allows(
        &[EVERYONE, "spec: {action: AUDIT, rules: [{}]}"],
        3306,
        DB
    ));
}

#[test]
fn a_denial_says_who_asked_what_and_what_to_do() {
    let refused = |policies: &[&str]| {
        let labels = labels(&[("app", "db")]);
        let inbound = mesh(policies).policies.inbound(&workload("td", &labels));
        inbound
            .allows(NonZeroU16::new(3306).unwrap(), &principal("td", DB))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&[]).contains("no AuthorizationPolicy with action ALLOW"));
    assert_eq!(
        refused(&[&rule("namespaces: [a]")]),
        "spiffe://td/ns/pxc/sa/db may not call port 3306: none of the ALLOW policies matches \
         (pxc/p0); add the caller to one of them, or name it with --allow"
    );
    assert_eq!(
        refused(&[EVERYONE, "spec: {action: DENY, rules: [{}]}"]),
        "spiffe://td/ns/pxc/sa/db may not call port 3306: the DENY policy pxc/p1 at p.yaml:6:1 \
         matches"
    );
}
