use std::time::SystemTime;

use eastwest_mesh::{Capture, Options, Principal, Source, load};
use eastwest_transport::tls::{IdentitySource, IdentityStore};

use super::*;

const ALLOW: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: allow, namespace: pxc}\n\
    spec: {rules: [{from: [{source: {namespaces: [good, bad]}}]}]}\n";
const DENY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: deny, namespace: pxc}\n\
    spec: {action: DENY, rules: [{from: [{source: {namespaces: [bad]}}]}]}\n";
const BROKEN: &str = "spec: {action: DENY\n";

fn mesh(documents: &[&str]) -> Mesh {
    let source = Source {
        name: "p.yaml".into(),
        text: documents.join("---\n"),
    };
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Vip,
    };
    load(&[source], &options)
}

fn callers(allow: &[&str]) -> Callers {
    Callers {
        rules: allow.iter().map(|rule| rule.parse().unwrap()).collect(),
        labels: [("app".to_owned(), "db".to_owned())].into(),
    }
}

fn own() -> SpiffeId {
    "spiffe://cluster.local/ns/pxc/sa/db".parse().unwrap()
}

/// Whether accounts of these namespaces may call.
fn who(allowed: &Allowed, namespaces: [&str; 3]) -> [bool; 3] {
    namespaces.map(|namespace| {
        let caller = Principal {
            trust_domain: "cluster.local",
            path: &format!("/ns/{namespace}/sa/x"),
        };
        allowed.check(3306.try_into().unwrap(), &caller).is_ok()
    })
}

const NAMESPACES: [&str; 3] = ["good", "bad", "other"];

#[test]
fn at_the_start_nobody_is_let_in_until_all_can_be_read() {
    let callers = callers(&["spiffe://cluster.local/ns/good/sa/x"]);
    for _ in 0..2 {
        let allowed = callers.of(&mesh(&[ALLOW, BROKEN]), &own()).unwrap();
        assert_eq!(who(&allowed, NAMESPACES), [false; 3]);
        assert!(!allowed.is_empty(), "the process starts all the same");
    }
    let allowed = callers.of(&mesh(&[ALLOW]), &own()).unwrap();
    assert_eq!(who(&allowed, NAMESPACES), [true, true, false]);
}

#[test]
fn an_identity_without_a_namespace_goes_with_flags_and_not_with_policies() {
    let id: SpiffeId = "spiffe://cluster.local/workload/db".parse().unwrap();
    let callers = callers(&["spiffe://cluster.local/ns/good/sa/x"]);
    let by_flag = callers.of(&mesh(&[]), &id).unwrap();
    assert_eq!(who(&by_flag, NAMESPACES), [true, false, false]);
    let error = callers.of(&mesh(&[DENY]), &id).unwrap_err().to_string();
    assert!(
        error.contains("spiffe://cluster.local/workload/db"),
        "{error}"
    );
}

#[test]
fn nobody_is_let_in_before_the_pod_has_an_identity() {
    let dir = tempfile::tempdir().unwrap();
    let to_come = IdentitySource::Folder(dir.path().to_owned());
    let store = IdentityStore::open(to_come, SystemTime::now()).unwrap();
    let callers = callers(&["spiffe://cluster.local/ns/good/sa/x"]);
    let allowed = callers.read(&mesh(&[ALLOW]), &store.current()).unwrap();
    assert_eq!(who(&allowed, NAMESPACES), [false; 3]);
    let why = allowed.why_closed(3306.try_into().unwrap()).unwrap();
    assert!(why.contains("certificate"), "{why}");
}
