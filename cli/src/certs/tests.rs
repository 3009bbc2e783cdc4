use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use clap::Parser;
use eastwest_transport::tls::{Identity, IdentityFiles, Purposes, Validity};
use tempfile::TempDir;
use x509_parser::pem::Pem;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    certs: CertsArgs,
}

/// Runs `eastwest certs` with the words of `line`; `@` stands for the folder.
fn certs(dir: &Path, line: &str) -> Result<(), String> {
    let line = line.replace('@', dir.to_str().unwrap());
    let cli = Cli::try_parse_from(["certs"].into_iter().chain(line.split_whitespace()))
        .map_err(|error| error.to_string())?;
    run(&cli.certs).map_err(|error| format!("{error:#}"))
}

fn load(dir: &Path) -> Identity {
    Identity::load(&IdentityFiles::in_dir(dir).unwrap(), SystemTime::now()).unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn pems(text: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(text.as_bytes())
        .map(Result::unwrap)
        .collect()
}

fn request(validity: Validity) -> WorkloadRequest {
    WorkloadRequest {
        id: ID.parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::EcdsaP256,
        validity,
    }
}

/// A folder with a root and the CA of one cluster.
fn with_cluster() -> TempDir {
    let dir = TempDir::new().unwrap();
    certs(dir.path(), "root --out @/root").unwrap();
    certs(dir.path(), "cluster cluster-a --root @/root --out @/a").unwrap();
    dir
}

#[test]
fn a_root_a_cluster_and_a_workload_make_an_identity() {
    let dir = with_cluster();
    certs(dir.path(), &format!("workload {ID} --ca @/a --out @/w")).unwrap();
    let identity = load(&dir.path().join("w"));
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
