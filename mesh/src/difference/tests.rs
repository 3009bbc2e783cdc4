use crate::{Capture, Options, Source, load};

use super::*;

const ALL: [Part; 3] = [Part::Routes, Part::Exports, Part::Callers];

fn mesh(files: &[(&str, &str)]) -> Mesh {
    let sources: Vec<_> = files
        .iter()
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Vip,
    };
    load(&sources, &options)
}

fn entry(pod: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: src-{pod}, namespace: pxc}}\n\
         spec: {{hosts: [src-{pod}.pxc.svc.cluster.local], resolution: STATIC, \
         ports: [{{number: 3306, name: mysql, protocol: TCP}}], \
         endpoints: [{{address: 10.0.0.1, ports: {{mysql: 15443}}}}]}}\n"
    )
}

fn broken(pod: &str) -> String {
    entry(pod).replace("number: 3306", "number: mysql")
}

fn policy(action: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: who, namespace: pxc}}\n\
         spec: {{action: {action}, rules: [{{from: [{{source: {{namespaces: [a]}}}}]}}]}}\n"
    )
}

/// The places of the errors that `new` has and `old` has not.
fn new_errors(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let (old, new) = (mesh(old), mesh(new));
    let errors = new.new_errors(&old).into_iter();
    errors.map(|error| error.origin.to_string()).collect()
}

#[test]
fn an_error_in_an_object_that_was_good_is_new() {
    let old = [entry("db-0"), entry("db-1")].join("---\n");
    let new = [entry("db-0"), broken("db-1")].join("---\n");
    assert_eq!(
        new_errors(&[("a.yaml", &old)], &[("a.yaml", &new)]),
        ["a.yaml:9:86"]
    );
}

#[test]
fn an_old_error_is_not_new_in_other_lines_nor_in_another_file() {
    let moved = format!("# moved\n\n{}---\n{}", entry("db-1"), broken("db-0"));
    let old = broken("db-0");
    assert!(new_errors(&[("a.yaml", &old)], &[("b.yaml", &moved)]).is_empty());
    let old = [entry("db-0"), entry("db-0").replace("10.0.0.1", "10.0.0.2")].join("---\n");
    let moved = format!("# moved\n{old}");
    let findings = mesh(&[("a.yaml", &old)]).findings;
    assert!(
        findings.iter().any(|it| it.message.contains("a.yaml:1:1")),
        "a message that names a place"
    );
    assert!(new_errors(&[("a.yaml", &old)], &[("b.yaml", &moved)]).is_empty());
}

#[test]
fn the_same_mistake_in_another_object_is_new_also_where_the_old_one_is_mended() {
    let (old, new) = (broken("db-0"), broken("db-1"));
    assert_eq!(
        new_errors(&[("a.yaml", &old)], &[("a.yaml", &new)]).len(),
        1
    );
}

#[test]
fn a_second_document_that_is_no_yaml_is_new_and_the_first_is_not() {
    let bad = "kind: [\n";
    let both = [("a.yaml", bad), ("b.yaml", bad)];
    assert_eq!(new_errors(&[("b.yaml", bad)], &both), ["a.yaml:1:7"]);
    assert!(new_errors(&both, &[("b.yaml", bad)]).is_empty());
}

/// What hides nothing, or only a rule for a far end, must not let something hide a DENY.
#[test]
fn an_error_that_hides_more_than_before_is_new() {
    let hides = |api_version: &str| {
        let text = format!("apiVersion: {api_version}\nmetadata: {{name: x}}\n");
        mesh(&[("a.yaml", &text)])
    };
    let nothing = hides("apps/v1");
    let rule = hides("networking.istio.io/v1");
    let deny = hides("security.istio.io/v1");
    assert_eq!(nothing.findings, deny.findings);
    assert_eq!(rule.findings, deny.findings);
    for (old, new) in [
        (&nothing, &rule),
        (&nothing, &deny),
        (&rule, &deny),
        (&deny, &rule),
    ] {
        assert_eq!(new.new_errors(old).len(), 1);
    }
    for (old, new) in [
        (&nothing, &nothing),
        (&deny, &deny),
        (&rule, &nothing),
        (&deny, &nothing),
    ] {
        assert!(new.new_errors(old).is_empty());
    }
}

/// The first counts, so that another order is another meaning under the same error.
#[test]
fn an_error_about_one_name_is_new_where_the_other_object_counts_now() {
    let (one, two) = (entry("db-0"), entry("db-0").replace("10.0.0.1", "10.0.0.2"));
    let files = |first: &str, second: &str| [first, second].join("---\n");
    let old = files(&one, &two);
    let turned = files(&two, &one);
    assert_eq!(
        new_errors(&[("a.yaml", &old)], &[("a.yaml", &turned)]).len(),
        1
    );
    // As when files get other names.
    assert_eq!(
        new_errors(
            &[("a.yaml", &one), ("b.yaml", &two)],
            &[("a.yaml", &two), ("b.yaml", &one)]
        )
        .len(),
        1
    );
    // An edit of either leaves the other where it is.
    let three = entry("db-0").replace("10.0.0.1", "10.0.0.3");
    for edited in [files(&three, &two), files(&one, &three)] {
        assert!(new_errors(&[("a.yaml", &old)], &[("a.yaml", &edited)]).is_empty());
    }
}

fn pin(host: &str, identities: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: pin, namespace: pxc}}\n\
         spec:\n  host: {host}\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL\n\
         \x20     subjectAltNames: [{identities}]\n"
    )
}

const DB: &str = "'spiffe://td/ns/pxc/sa/db'";

#[test]
fn a_route_that_accepts_more_is_named_with_both_places() {
    let with = |rule: &str| mesh(&[("a.yaml", &[entry("db-0"), rule.to_owned()].join("---\n"))]);
    let pinned = with(&pin("src-db-0", DB));
    let all = with(&pin("src-db-0", "'spiffe://td/ns/pxc/sa/*'"));
    let two = with(&pin(
        "src-db-0",
        &format!("{DB}, 'spiffe://td/ns/pxc/sa/other'"),
    ));
    let free = with("");
    for (old, new, wider) in [
        (&pinned, &pinned, false),
        (&all, &pinned, false),
        (&two, &pinned, false),
        (&free, &pinned, false),
        (&free, &all, false),
        (&pinned, &all, true),
        (&pinned, &two, true),
        (&pinned, &free, true),
    ] {
        assert_eq!(!new.widened(old).is_empty(), wider);
    }
    assert_eq!(
        free.widened(&pinned)[0].to_string(),
        "src-db-0.pxc.svc.cluster.local:3306: its far end had to be spiffe://td/ns/pxc/sa/db \
         (a.yaml:14:25), and may be spiffe://OWN-TRUST-DOMAIN/ns/pxc/sa/* now (a.yaml:4:16)"
    );
}

#[test]
fn a_rule_that_misses_is_an_error_only_where_a_route_is_wider_for_it() {
    let with = |rule: &str| mesh(&[("a.yaml", &[entry("db-0"), rule.to_owned()].join("---\n"))]);
    let pinned = with(&pin("src-db-0", DB));
    let missed = with(&pin("src-db-00", DB));
    let misses = |new: &Mesh, old: &Mesh| new.misses(old, &new.widened(old));
    let [error] = &misses(&missed, &pinned)[..] else {
        panic!("{:#?}", missed.findings)
    };
    let error = error.to_string();
    assert!(error.starts_with("a.yaml:6:1: error[EW409]: "), "{error}");
    assert!(
        error.contains("src-db-0.pxc.svc.cluster.local:3306: its far end had to be"),
        "{error}"
    );
    assert!(misses(&with(""), &pinned).is_empty());
    assert!(misses(&missed, &with("")).is_empty());
    assert!(misses(&missed, &missed).is_empty());
}

#[test]
fn changes_name_what_came_went_and_is_another_now() {
    let old = [entry("db-0"), entry("db-1"), policy("ALLOW")].join("---\n");
    let new = [
        entry("db-1").replace("10.0.0.1", "10.0.0.2"),
        entry("db-2"),
        policy("DENY"),
    ]
    .join("---\n");
    let (old, new) = (mesh(&[("a.yaml", &old)]), mesh(&[("a.yaml", &new)]));
    assert_eq!(
        new.changes(&old, &[Part::Routes, Part::Callers])
            .to_string(),
        "routes added: src-db-2.pxc.svc.cluster.local:3306; \
         routes removed: src-db-0.pxc.svc.cluster.local:3306; \
         routes changed: src-db-1.pxc.svc.cluster.local:3306; callers changed: pxc/who"
    );
}

#[test]
fn what_has_only_moved_has_not_changed() {
    let text = [entry("db-0"), policy("ALLOW")].join("---\n");
    let moved = format!("# moved\n{text}");
    let (old, new) = (mesh(&[("a.yaml", &text)]), mesh(&[("b.yaml", &moved)]));
    assert_eq!(new.changes(&old, &ALL).to_string(), "nothing has changed");
}

#[test]
fn changes_of_what_a_gateway_exports_are_named() {
    let gateway = |hosts: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
             metadata: {{name: exports, namespace: istio-system}}\n\
             spec: {{servers: [{{port: {{number: 15443, name: tls, protocol: TLS}}, \
             tls: {{mode: PASSTHROUGH}}, hosts: [{hosts}]}}]}}\n"
        )
    };
    let old = mesh(&[("a.yaml", &gateway("'*.pxc.svc.cluster.local'"))]);
    let new = mesh(&[("a.yaml", &gateway("db-0.db.demo.svc.cluster.local"))]);
    assert_eq!(
        new.changes(&old, &[Part::Exports]).to_string(),
        "exports added: db-0.db.demo.svc.cluster.local (plain server names); \
         exports removed: *.pxc.svc.cluster.local (plain server names)"
    );
}

#[test]
fn a_line_of_a_log_has_not_every_name() {
    let many: Vec<_> = (0..25).map(|n| entry(&format!("db-{n}"))).collect();
    let new = mesh(&[("a.yaml", &many.join("---\n"))]);
    let said = new.changes(&mesh(&[]), &ALL).to_string();
    assert!(said.contains(" and 5 more"), "{said}");
}
