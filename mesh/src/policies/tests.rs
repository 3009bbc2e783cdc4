use std::collections::BTreeMap;

use super::*;
use crate::{Capture, Mesh, Options, Severity, load};

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
    let inbound = mesh(policies)
        .policies
        .inbound("pxc", &labels(&[("app", "db")]));
    let principal = Principal {
        trust_domain: "cluster.local",
        path,
    };
    inbound
        .allows(NonZeroU16::new(port).unwrap(), &principal)
        .is_ok()
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
        ("spiffe://cluster.local/ns/pxc/sa/db", false),
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

#[test]
fn an_allow_that_cannot_be_carried_out_as_written_lets_nobody_in() {
    for spec in [
        "spec: {rules: [{from: [{source: {namespaces: [pxc], ipBlocks: [10.0.0.0/8]}}]}]}",
        "spec: {rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}",
        "spec: {rules: [{when: [{key: source.ip, values: [10.0.0.1]}]}]}",
        "spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}",
        "spec: {rules: [{}], targetRef: {kind: Service, name: x}}",
        "spec: {rules: [{}], selector: {matchLabel: {app: db}}}",
        "spec: {rules: [~]}",
        "spec: {rules: [{from: []}]}",
        "spec: {rules: [{from: [{source: {}}]}]}",
        "spec: {rules: [{from: [{}]}]}",
        "spec: {rules: [{from: [{source: {principals: []}}]}]}",
        "spec: {rules: [{from: [{source: {principals: ['']}}]}]}",
        "spec: {rules: [{form: [{source: {principals: [x]}}]}]}",
        "spec: {rules: [{to: [{operation: {ports: [3306]}}]}]}",
        "spec: {rules: [{to: [{operation: {ports: ['0']}}]}]}",
        "spec: {rules: [{to: [{operation: {}}]}]}",
        "spec: {action: CUSTOM, provider: {name: x}, rules: [{}]}",
        "spec: {action: ALLOWED, rules: [{}]}",
    ] {
        assert!(!allows(&[spec], 3306, DB), "{spec}");
        let findings = mesh(&[spec]).findings;
        assert!(
            findings
                .iter()
                .any(|finding| finding.severity == Severity::Error),
            "{spec}"
        );
    }
}

#[test]
fn a_deny_that_cannot_be_carried_out_as_written_refuses_everyone_it_selects() {
    for spec in [
        "spec: {action: DENY, rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}",
        "spec: {action: DENY, rules: [{to: [{operation: {paths: [/x]}}]}]}",
        "spec: {action: DENY, selector: {matchLabel: {app: web}}}",
        "spec: {action: CUSTOM, provider: {name: x}, rules: [{to: [{operation: {ports: ['1']}}]}]}",
        "spec: {action: DENYY, rules: []}",
    ] {
        assert!(!allows(&[EVERYONE, spec], 3306, DB), "{spec}");
    }
    let other = "spec: {action: DENY, selector: {matchLabels: {app: web}}, rules: [{when: []}]}";
    assert!(allows(&[EVERYONE, other], 3306, DB));
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
fn of_two_policies_of_one_name_a_deny_still_counts_and_an_allow_does_not() {
    let named = |spec: &str| format!("metadata: {{name: same, namespace: pxc}}\n{spec}");
    let deny = named("spec: {action: DENY, rules: [{}]}");
    let allow = named(EVERYONE);
    assert!(!allows(&[&allow, &deny], 3306, DB));
    assert!(!allows(&[&named("spec: {}"), &allow], 3306, DB));
}

#[test]
fn a_denial_says_who_asked_what_and_what_to_do() {
    let refused = |policies: &[&str]| {
        let inbound = mesh(policies).policies.inbound("pxc", &BTreeMap::new());
        let principal = Principal {
            trust_domain: "td",
            path: DB,
        };
        inbound
            .allows(NonZeroU16::new(3306).unwrap(), &principal)
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
