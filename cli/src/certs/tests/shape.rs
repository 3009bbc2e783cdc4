//! What certificates say, and that our own side accepts them.

use super::*;

#[test]
fn a_root_a_cluster_and_a_workload_make_an_identity() {
    let dir = with_cluster();
    let printed = certs(dir.path(), &format!("workload {ID} --ca @/a --out @/w")).unwrap();
    let identity = load(&dir.path().join("w"));
    let until = Utc(identity.not_after());
    let line = format!("{}/w: {ID}, valid until {until}\n", dir.path().display());
    assert_eq!(printed, line);
    assert_eq!(identity.id().as_str(), ID);
    let left = identity
        .not_after()
        .duration_since(SystemTime::now())
        .unwrap();
    assert!(left > 89 * DAY && left <= 90 * DAY, "{left:?}");
}

#[test]
fn a_workload_can_be_signed_by_the_root_itself() {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "root --out @/root").unwrap();
    certs(dir.path(), &format!("workload {ID} --ca @/root --out @/w")).unwrap();
    load(&dir.path().join("w"));
    assert_eq!(pems(&read(&dir.path().join("w/cert-chain.pem"))).len(), 1);
}

#[test]
fn a_cluster_has_the_layout_of_istios_cacerts() {
    let dir = with_cluster();
    let a = dir.path().join("a");
    let own = read(&a.join("ca-cert.pem"));
    let root = read(&a.join("root-cert.pem"));
    assert_eq!(root, read(&dir.path().join("root/root-cert.pem")));
    assert_eq!(read(&a.join("cert-chain.pem")), format!("{own}{root}"));
    assert!(a.join("ca-key.pem").exists());

    let pem = pems(&own).remove(0);
    let ca = pem.parse_x509().unwrap();
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    assert!(ca.key_usage().unwrap().unwrap().value.key_cert_sign());
    assert!(
        ca.subject().to_string().contains("cluster-a"),
        "{}",
        ca.subject()
    );
}

#[test]
fn a_workload_has_the_shape_that_istio_gives_it() {
    let dir = with_cluster();
    certs(
        dir.path(),
        &format!("workload {ID} --ca @/a --out @/w --dns db.example.org"),
    )
    .unwrap();
    let chain = pems(&read(&dir.path().join("w/cert-chain.pem")));
    assert_eq!(
        chain.len(),
        2,
        "the workload's and the cluster's, without the root"
    );
    let leaf = chain[0].parse_x509().unwrap();
    assert_eq!(leaf.subject().iter().count(), 0);
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert!(names.critical);
    let text: Vec<_> = names
        .value
        .general_names
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        text,
        [format!("URI({ID})"), "DNSName(db.example.org)".to_owned()]
    );
    let constraints = leaf.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && !constraints.value.ca);
    let usage = leaf.key_usage().unwrap().unwrap();
    assert!(usage.critical);
    assert_eq!(
        usage.value.flags, 0b101,
        "digitalSignature and keyEncipherment"
    );
    let svid = eastwest_transport::tls::Svid::from_der(&chain[0].contents).unwrap();
    assert_eq!(
        svid.purposes,
        Purposes {
            server: true,
            client: true
        }
    );
    let age = SystemTime::now()
        .duration_since(svid.validity.not_before)
        .unwrap();
    assert!(age >= CLOCK_SKEW, "{age:?}");
}

#[test]
fn nothing_outlives_its_issuer() {
    let root = Ca::root("Root CA", KeyKind::EcdsaP256, valid_for(10 * DAY)).unwrap();
    let ca = root
        .intermediate("a", KeyKind::EcdsaP256, valid_for(20 * DAY))
        .unwrap();
    assert_eq!(ca.validity().not_after, root.validity().not_after);
    let workload = ca.workload(&request(valid_for(30 * DAY))).unwrap();
    assert_eq!(workload.validity.not_after, root.validity().not_after);
}

#[test]
fn a_certificate_of_the_past_can_be_made_for_tests() {
    let root = Ca::root("Root CA", KeyKind::EcdsaP256, valid_for(DAY)).unwrap();
    let now = SystemTime::now();
    let past = Validity {
        not_before: now - 2 * DAY,
        not_after: now - DAY,
    };
    let dir = TempDir::new().unwrap();
    root.workload(&request(past))
        .unwrap()
        .write(dir.path(), Overwrite::Refuse)
        .unwrap();
    let files = IdentityFiles::in_dir(dir.path()).unwrap();
    let message = Identity::load(&files, now).unwrap_err().to_string();
    assert!(message.contains("expired at"), "{message}");
}

#[test]
fn rsa_serves_like_ecdsa() {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "root --out @/root --key-type rsa2048").unwrap();
    certs(
        dir.path(),
        "cluster a --root @/root --out @/a --key-type rsa2048",
    )
    .unwrap();
    let line = format!("workload {ID} --ca @/a --out @/w --key-type rsa2048");
    certs(dir.path(), &line).unwrap();
    load(&dir.path().join("w"));
}
