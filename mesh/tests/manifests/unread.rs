//! What could not be read, and whether it may have narrowed whom to trust.

use eastwest_mesh::{Capture, Mesh, Principal, Workload};

use super::{ALIAS, destination_rule, errors, load_files, load_text, service_entry};

const ALLOW: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: allow, namespace: pxc}\nspec: {rules: [{}]}\n";

const DENY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: deny, namespace: pxc}\n\
    spec: {action: DENY, rules: [{from: [{source: {namespaces: [bad]}}]}]}\n";

/// Whether callers and far ends may miss something.
fn doubts(mesh: &Mesh) -> (bool, bool) {
    let unread = &mesh.unread;
    (!unread.callers().is_empty(), !unread.far_ends().is_empty())
}

fn lets_in(mesh: &Mesh, namespace: &str) -> bool {
    let labels = [("app".to_owned(), "db".to_owned())].into();
    let inbound = mesh.policies.inbound(&Workload {
        trust_domain: "cluster.local",
        namespace: "pxc",
        labels: &labels,
    });
    let caller = Principal {
        trust_domain: "cluster.local",
        path: &format!("/ns/{namespace}/sa/x"),
    };
    inbound.allows(3306.try_into().unwrap(), &caller).is_ok()
}

#[test]
fn the_tests_deny_denies_what_it_says() {
    let mesh = load_files(&[ALLOW, DENY], Capture::Vip);
    assert_eq!(errors(&mesh), [""; 0]);
    assert!(lets_in(&mesh, "good") && !lets_in(&mesh, "bad"));
    assert_eq!(doubts(&mesh), (false, false));
}

/// Whichever way a DENY is spoilt: it is in force against everyone, or known to be missing.
#[test]
fn a_deny_never_vanishes_without_a_trace() {
    let spoil = |from: &str, to: &str| {
        assert!(DENY.contains(from), "{from}");
        DENY.replacen(from, to, 1)
    };
    for spoilt in [
        spoil("/v1", "/v2"),
        spoil("security.istio.io/v1", "v1"),
        spoil("security.istio.io/v1", "networking.istio.io/v1"),
        spoil("security.istio.io/v1", "securty.istio.io/v1"),
        spoil("security.istio.io/v1", "''"),
        spoil("apiVersion", "apiVerson"),
        spoil("apiVersion: security.istio.io/v1\n", ""),
        spoil("AuthorizationPolicy", "AuthorisationPolicy"),
        spoil("AuthorizationPolicy", "authorizationpolicy"),
        spoil("AuthorizationPolicy", "AuthPolicy"),
        spoil("AuthorizationPolicy", ""),
        spoil("AuthorizationPolicy", "[AuthorizationPolicy]"),
        spoil("kind:", "knd:"),
        spoil("action", "acton"),
        spoil("spec:", "sepc:"),
        spoil("spec: {", "spec: [{").replace("]}\n", "]}]\n"),
        spoil("namespaces: [bad]", "namespaces: [bad"),
        spoil("metadata: {name: deny, namespace: pxc}", "metadata: []"),
        spoil("apiVersion", "- apiVersion"),
        "apiVersion: v1\nkind: List\nitems: {}\n".to_owned(),
        "apiVersion: v1\nkind: Lst\nitems: []\n".to_owned(),
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicyList\nitems: {}\n".to_owned(),
        "kind".to_owned(),
    ] {
        let mesh = load_files(&[ALLOW, &spoilt], Capture::Vip);
        let (callers, _) = doubts(&mesh);
        assert!(callers || !lets_in(&mesh, "bad"), "{spoilt}");
        assert_ne!(errors(&mesh), [""; 0], "{spoilt}");
    }
}

#[test]
fn what_is_not_about_callers_leaves_them_alone() {
    for text in [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: 5\nspec: [odd]\n",
        "kind: Deployment\nspec: []\n",
        "apiVersion: apps/v1\nspec: {}\n",
        "apiVersion: v1\nkind: ConfigMap\ndata: ~\n",
        "apiVersion: policy.linkerd.io/v1alpha1\nkind: AuthorizationPolicy\n\
         metadata: {name: x, namespace: pxc}\nspec: {targetRef: {}, unknown: 1}\n",
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: x}\n",
        "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: x}\n",
        "apiVersion: networking.istio.io/v9\nkind: ServiceEntry\nmetadata: {name: x}\nspec: 5\n",
        "replicas: 3\nimage: x\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "# nothing but a comment\n",
    ] {
        let mesh = load_files(&[ALLOW, text, &service_entry("db-0", "")], Capture::Vip);
        assert_eq!(doubts(&mesh), (false, false), "{text}");
        assert!(lets_in(&mesh, "good"), "{text}");
        assert_eq!(mesh.routes.len(), 1, "{text}");
    }
}

#[test]
fn what_is_no_yaml_may_be_anything_and_leaves_the_routes() {
    let mesh = load_files(&[&service_entry("db-0", ""), "a: [1\n"], Capture::Vip);
    assert_eq!(doubts(&mesh), (true, true));
    assert_eq!(mesh.routes.len(), 1);
    assert_eq!(mesh.unread.callers()[0].origin.to_string(), "b.yaml:1:4");
}

#[test]
fn a_destination_rule_that_names_its_host_takes_that_alias_down_and_no_other() {
    let policy = "tls: {mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://far/ns/c/sa/d']}";
    let rule = destination_rule(ALIAS, policy);
    for spoilt in [
        rule.replace("/v1", "/v7"),
        rule.replace("networking.istio.io/v1", "v1"),
        rule.replace("DestinationRule", "DestinationRules"),
        rule.replace("apiVersion: networking.istio.io/v1\n", ""),
        rule.replace("trafficPolicy: {", "trafficPolicy: [{")
            .replace("}}", "}}]"),
        rule.replace("trafficPolicy", "trafficpolicy"),
    ] {
        let entries = [service_entry("db-0", ""), service_entry("db-1", "")];
        let mesh = load_files(&[&entries[0], &entries[1], &spoilt], Capture::Vip);
        let served: Vec<_> = mesh.routes.iter().map(|r| r.alias.as_str()).collect();
        assert_eq!(served, ["src-db-1.pxc.svc.cluster.local"], "{spoilt}");
        assert_eq!(mesh.down[0].alias.as_str(), ALIAS, "{spoilt}");
        assert_eq!(doubts(&mesh), (false, false), "{spoilt}");
    }
}

#[test]
fn a_second_destination_rule_of_one_name_takes_its_own_alias_down() {
    let policy = "tls: {mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://far/ns/c/sa/d']}";
    let (one, two) = (
        destination_rule(ALIAS, policy),
        destination_rule("src-db-1.pxc.svc.cluster.local", policy),
    );
    let entries = [service_entry("db-0", ""), service_entry("db-1", "")];
    let mesh = load_files(&[&entries[0], &entries[1], &one, &two], Capture::Vip);
    let served: Vec<_> = mesh.routes.iter().map(|r| r.alias.as_str()).collect();
    assert_eq!(served, [ALIAS]);
    assert!(
        mesh.down[0].reason.contains("is defined already"),
        "{:?}",
        mesh.down
    );
}

#[test]
fn a_destination_rule_whose_host_is_lost_may_be_about_any_alias() {
    for spoilt in [
        destination_rule("[]", ""),
        destination_rule("'a b'", ""),
        destination_rule(ALIAS, "").replace("host:", "hots:"),
        destination_rule(ALIAS, "")
            .replace("spec:\n", "spec: 5\n")
            .replace("  ", "# "),
        destination_rule(ALIAS, "").replace("DestinationRule", "DestRule"),
    ] {
        let mesh = load_text(&spoilt);
        assert_eq!(doubts(&mesh), (false, true), "{spoilt}");
    }
}
