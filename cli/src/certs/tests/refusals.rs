//! Input that is refused, and whether the message helps.

use super::*;

#[test]
fn a_validity_without_time_in_it_is_refused() {
    let dir = TempDir::new().unwrap();
    let now = SystemTime::now();
    let upside_down = Validity {
        not_before: now,
        not_after: now - DAY,
    };
    let message = Ca::root("Root CA", KeyKind::EcdsaP256, upside_down)
        .unwrap_err()
        .to_string();
    assert!(message.contains("cannot end at"), "{message}");
    let message = certs(dir.path(), "root --out @/root --ttl 90").unwrap_err();
    assert!(message.contains("90s"), "{message}");
}

#[test]
fn an_expired_ca_signs_nothing() {
    let dir = TempDir::new().unwrap();
    let now = SystemTime::now();
    let past = Validity {
        not_before: now - 2 * DAY,
        not_after: now - DAY,
    };
    let root = Ca::root("Root CA", KeyKind::EcdsaP256, past).unwrap();
    root.write(dir.path(), Overwrite::Refuse).unwrap();
    let message = Ca::load(dir.path(), now).unwrap_err().to_string();
    assert!(
        message.contains("root-cert.pem: it expired at"),
        "{message}"
    );
    let message = root
        .workload(&request(valid_for(DAY)))
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("the CA's own certificate ends at"),
        "{message}"
    );
}

#[test]
fn a_mistyped_id_is_explained() {
    let dir = with_cluster();
    for (id, why) in [
        (
            "spiffe:/cluster.local/ns/pxc/sa/default",
            "must start with \"spiffe://\"",
        ),
        ("spiffe://Cluster.local/ns/pxc/sa/default", "holds 'C'"),
        ("spiffe://cluster.local", "has no path"),
        ("spiffe://cluster.local/ns/pxc//default", "empty segment"),
    ] {
        let message = certs(dir.path(), &format!("workload {id} --ca @/a --out @/w")).unwrap_err();
        assert!(message.contains(why), "{message}");
        assert!(!dir.path().join("w").exists());
    }
}

#[test]
fn a_folder_without_a_ca_is_explained() {
    let dir = TempDir::new().unwrap();
    let message = certs(dir.path(), &format!("workload {ID} --ca @ --out @/w")).unwrap_err();
    assert!(
        message.contains("holds no CA") && message.contains("certs root"),
        "{message}"
    );
}

#[test]
fn the_key_of_another_ca_is_found_out() {
    let dir = with_cluster();
    certs(dir.path(), "cluster cluster-b --root @/root --out @/b").unwrap();
    fs::copy(
        dir.path().join("b/ca-key.pem"),
        dir.path().join("a/ca-key.pem"),
    )
    .unwrap();
    let message = certs(dir.path(), &format!("workload {ID} --ca @/a --out @/w")).unwrap_err();
    assert!(
        message.contains("/a/ca-key.pem: it is not the key of"),
        "{message}"
    );
}

#[test]
fn a_workload_is_no_ca() {
    let dir = with_cluster();
    certs(dir.path(), &format!("workload {ID} --ca @/a --out @/w")).unwrap();
    let w = dir.path().join("w");
    fs::copy(w.join("cert-chain.pem"), w.join("ca-cert.pem")).unwrap();
    fs::copy(w.join("key.pem"), w.join("ca-key.pem")).unwrap();
    let message = certs(dir.path(), &format!("workload {ID} --ca @/w --out @/x")).unwrap_err();
    assert!(
        message.contains("it is not the certificate of a CA"),
        "{message}"
    );
}

#[test]
fn a_dns_name_with_a_space_is_refused() {
    let root = Ca::root("Root CA", KeyKind::EcdsaP256, valid_for(DAY)).unwrap();
    for name in ["a b", "", "ä.example"] {
        let dns_names = vec![name.to_owned()];
        let refused = root.workload(&WorkloadRequest {
            dns_names,
            ..request(valid_for(DAY))
        });
        let message = refused.err().unwrap().to_string();
        assert!(
            message.contains("cannot stand in a certificate"),
            "{message}"
        );
    }
}

#[test]
fn all_refuses_names_that_would_leave_the_folder() {
    let dir = TempDir::new().unwrap();
    for member in ["../demo/a", "a/b", "a/b/c/d", "a//b", "a/B/c"] {
        let message = certs(dir.path(), &format!("all --out @/x {member}")).unwrap_err();
        assert!(message.contains(member), "{message}");
    }
    let message = certs(dir.path(), "all --out @/x a/b/c --trust-domain X").unwrap_err();
    assert!(message.contains("holds 'X'"), "{message}");
    assert!(!dir.path().join("x").exists());
}
