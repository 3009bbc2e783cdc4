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
fn a_ttl_that_makes_no_valid_certificate_is_refused() {
    let dir = with_cluster();
    let workload = format!("workload {ID} --ca @/a --out @/x");
    for command in ["root --out @/x", workload.as_str(), "all --out @/x a/b/c"] {
        for ttl in ["0", "999ms"] {
            let message = certs(dir.path(), &format!("{command} --ttl {ttl}")).unwrap_err();
            assert!(message.contains("has expired already"), "{message}");
        }
        assert!(!dir.path().join("x").exists(), "{command}");
    }
    let message = certs(dir.path(), "root --out @/x --ttl 3000000d").unwrap_err();
    assert!(message.contains("after the year 9999"), "{message}");
    assert!(!dir.path().join("x").exists());
}

#[test]
fn a_root_whose_key_is_kept_elsewhere_is_told_from_none() {
    let dir = with_cluster();
    fs::remove_file(dir.path().join("root/root-key.pem")).unwrap();
    for command in [
        "cluster cluster-b --root @/root --out @/b",
        "all --out @ cluster-b/demo/client",
    ] {
        let message = certs(dir.path(), command).unwrap_err();
        assert!(message.contains("not its key root-key.pem"), "{message}");
        assert!(!message.contains("--force"), "{message}");
    }
}

#[test]
fn all_does_not_promise_that_force_replaces_a_part_of_a_ca() {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "all --out @ a/demo/hello").unwrap();
    fs::remove_file(dir.path().join("a/ca/ca-cert.pem")).unwrap();
    let message = certs(dir.path(), "all --out @ --force a/demo/hello").unwrap_err();
    assert!(
        message.contains("not replaced even under --force"),
        "{message}"
    );
}

#[test]
fn nothing_is_written_over_a_ca_of_another_kind_even_by_force() {
    let dir = with_cluster();
    let of = |path: &str| {
        ["root-cert.pem", "cert-chain.pem"].map(|name| {
            let path = dir.path().join(path).join(name);
            path.exists().then(|| read(&path))
        })
    };
    let before = [of("root"), of("a")];
    for command in [
        format!("workload {ID} --ca @/a --out @/a"),
        format!("workload {ID} --ca @/a --out @/root"),
        "cluster cluster-a --root @/root --out @/root".to_owned(),
        "root --out @/a".to_owned(),
    ] {
        for force in ["", " --force"] {
            let message = certs(dir.path(), &format!("{command}{force}")).unwrap_err();
            assert!(message.contains("belongs to a CA"), "{message}");
        }
    }
    assert_eq!([of("root"), of("a")], before);
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
