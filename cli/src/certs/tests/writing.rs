//! What comes to lie in folders, and what is never lost there.

use super::*;

#[test]
fn keys_are_for_their_owner_only_and_so_are_the_folders() {
    let dir = with_cluster();
    certs(
        dir.path(),
        &format!("workload {ID} --ca @/a --out @/w/deep"),
    )
    .unwrap();
    let mode = |path: &str| {
        fs::metadata(dir.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    for key in ["root/root-key.pem", "a/ca-key.pem", "w/deep/key.pem"] {
        assert_eq!(mode(key), 0o600, "{key}");
    }
    for folder in ["root", "a", "w", "w/deep"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
}

#[test]
fn nothing_is_overwritten_without_force() {
    let dir = with_cluster();
    let workload = format!("workload {ID} --ca @/a --out @/w");
    certs(dir.path(), &workload).unwrap();
    let w = dir.path().join("w");
    let before = ["root-cert.pem", "cert-chain.pem", "key.pem"].map(|name| read(&w.join(name)));
    let message = certs(dir.path(), &workload).unwrap_err();
    assert!(message.contains("/w/root-cert.pem exists"), "{message}");
    assert!(message.contains("--force"), "{message}");
    let after = ["root-cert.pem", "cert-chain.pem", "key.pem"].map(|name| read(&w.join(name)));
    assert_eq!(before, after);
}

#[test]
fn one_file_in_the_way_keeps_all_from_being_written() {
    let dir = with_cluster();
    fs::create_dir(dir.path().join("w")).unwrap();
    fs::write(dir.path().join("w/key.pem"), "precious").unwrap();
    let message = certs(dir.path(), &format!("workload {ID} --ca @/a --out @/w")).unwrap_err();
    assert!(message.contains("/w/key.pem exists"), "{message}");
    let names: Vec<_> = fs::read_dir(dir.path().join("w")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn force_replaces_the_set_with_another_good_one_and_leaves_no_drafts() {
    let dir = with_cluster();
    let workload = format!("workload {ID} --ca @/a --out @/w");
    certs(dir.path(), &workload).unwrap();
    let w = dir.path().join("w");
    fs::set_permissions(w.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let before = load(&w).serial().to_owned();
    certs(dir.path(), &format!("{workload} --force")).unwrap();
    assert_ne!(load(&w).serial(), before);
    let mode = fs::metadata(w.join("key.pem"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(&w).unwrap().count(), 3);
}

#[test]
fn all_makes_a_whole_set_and_adds_to_it_later() {
    let dir = TempDir::new().unwrap();
    certs(
        dir.path(),
        "all --out @ cluster-a/demo/hello cluster-a/pxc/db cluster-b/demo/client",
    )
    .unwrap();
    let root = read(&dir.path().join("root/root-cert.pem"));
    certs(dir.path(), "all --out @ cluster-b/pxc/db").unwrap();
    for (path, id) in [
        (
            "cluster-a/demo/hello",
            "spiffe://cluster.local/ns/demo/sa/hello",
        ),
        ("cluster-a/pxc/db", "spiffe://cluster.local/ns/pxc/sa/db"),
        (
            "cluster-b/demo/client",
            "spiffe://cluster.local/ns/demo/sa/client",
        ),
        ("cluster-b/pxc/db", "spiffe://cluster.local/ns/pxc/sa/db"),
    ] {
        assert_eq!(load(&dir.path().join(path)).id().as_str(), id);
        assert_eq!(read(&dir.path().join(path).join("root-cert.pem")), root);
    }
}

#[test]
fn all_adds_workloads_while_the_roots_key_is_kept_elsewhere() {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "all --out @ cluster-a/demo/hello").unwrap();
    fs::remove_file(dir.path().join("root/root-key.pem")).unwrap();
    certs(dir.path(), "all --out @ cluster-a/pxc/db").unwrap();
    let id = load(&dir.path().join("cluster-a/pxc/db"));
    assert_eq!(id.id().as_str(), "spiffe://cluster.local/ns/pxc/sa/db");
}
