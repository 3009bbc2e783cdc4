//! Policies that cannot be carried out as they are written.

use super::*;

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
        "spec: {rules: [{from: }]}",
        "spec: {rules: [{to: ~}]}",
        "spec: {rules: [{when: ~}]}",
        "spec: {rules: [{from: [{source: {namespaces: [pxc], principals: ~}}]}]}",
        "spec: {rules: [{to: [{operation: {ports: ['3306'], notPorts: ~}}]}]}",
        "spec: {rules: [{}], selector: ~}",
        "spec: {rules: [{}], selector: {matchLabels: }}",
        "spec: {rules: [{from: [{source: {principals: ['spiffe://cluster.local/ns/pxc/sa/db']}}]}]}",
        "spec: {rules: [{from: [{source: {notPrincipals: ['spiffe://td/ns/x/sa/y']}}]}]}",
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
        "spec: {action: ~, rules: []}",
        "spec: {action: DENY, rules: ~}",
        "spec: {acton: DENY, rules: []}",
        "spec: {effect: DENY, rules: []}",
        "spec: {rules: [{from: [{source: {principals: [x]}}], action: DENY}]}",
        "spec: {selector: {matchLabels: {app: db}, action: DENY}}",
        "action: DENY\nspec: {rules: []}",
        "spec: [{action: DENY}]",
        "spec: DENY",
        "spec:",
        "spec: {action: DENY, rules: [{from: [{source: {principals: ['spiffe://a/ns/b/sa/c']}}]}]}",
        "spec: {action: DENY, rules: [{from: [{source: {notPrincipals: ['spiffe://cluster.local/ns/pxc/sa/db']}}]}]}",
    ] {
        assert!(!allows(&[EVERYONE, spec], 3306, DB), "{spec}");
    }
    let other = "spec: {action: DENY, selector: {matchLabels: {app: web}}, rules: [{when: []}]}";
    assert!(allows(&[EVERYONE, other], 3306, DB));
}

/// Only what may hide the word DENY refuses everyone: a plain mistake in an ALLOW takes out that
/// ALLOW and nothing else.
#[test]
fn an_allow_with_a_mistake_leaves_the_other_allows() {
    for spec in [
        "spec: {rules: [{when: [{key: source.ip, values: [10.0.0.1]}]}]}",
        "spec: {action: ALLOW, rles: []}",
        "spec: {rules: [{from: }]}",
    ] {
        assert!(allows(&[EVERYONE, spec], 3306, DB), "{spec}");
    }
}

#[test]
fn a_principal_with_a_scheme_is_told_how_to_write_it() {
    let findings = mesh(&[&rule("principals: ['spiffe://td/ns/a/sa/b']")]).findings;
    assert_eq!(
        findings[0].fix.as_deref(),
        Some("write it without spiffe://: td/ns/a/sa/b")
    );
}

#[test]
fn the_same_deny_read_twice_denies_what_it_says_and_no_more() {
    let deny = "metadata: {name: same, namespace: pxc}\n\
                spec: {action: DENY, rules: [{from: [{source: {namespaces: [bad]}}]}]}";
    assert!(allows(&[EVERYONE, deny, deny], 3306, DB));
    assert!(!allows(&[EVERYONE, deny, deny], 3306, "/ns/bad/sa/db"));
    let found = mesh(&[deny, deny]).findings;
    let [note] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(note.severity, Severity::Note);
}

#[test]
fn of_two_policies_of_one_name_a_deny_still_counts_and_an_allow_does_not() {
    let named = |spec: &str| format!("metadata: {{name: same, namespace: pxc}}\n{spec}");
    let deny = named("spec: {action: DENY, rules: [{}]}");
    let allow = named(EVERYONE);
    assert!(!allows(&[&allow, &deny], 3306, DB));
    assert!(!allows(&[&named("spec: {}"), &allow], 3306, DB));
}
