use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use tempfile::TempDir;

use super::*;
use crate::tls::tests::meeting::{Allow, verdict};
use crate::tls::tests::mint::{HOUR, Mint, Minted, key_forms, load, set_validity, uri};
use crate::tls::{MinTls, ServerAlpn};

const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";

fn write(dir: &Path, names: [&str; 3], minted: &Minted, roots: &str) {
    fs::write(dir.join(names[0]), &minted.cert).unwrap();
    fs::write(dir.join(names[1]), &minted.key).unwrap();
    fs::write(dir.join(names[2]), roots).unwrap();
}

/// A folder with a good set under Istio's names.
fn good() -> (TempDir, Mint) {
    let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
    write(
        dir.path(),
        ["cert-chain.pem", "key.pem", "root-cert.pem"],
        &mint.leaf(ID),
        &mint.root,
    );
    (dir, mint)
}

fn load_dir(dir: &Path) -> Result<Identity, IdentityError> {
    Identity::load(&IdentityFiles::in_dir(dir)?, SystemTime::now())
}

fn refused(minted: &Minted, roots: &str) -> String {
    load(minted, roots, SystemTime::now())
        .unwrap_err()
        .to_string()
}

#[test]
fn finds_the_files_of_every_known_writer() {
    for names in [
        ["cert-chain.pem", "key.pem", "root-cert.pem"],
        ["tls.crt", "tls.key", "ca.crt"],
        ["svid.pem", "svid_key.pem", "svid_bundle.pem"],
    ] {
        let (dir, mint) = (TempDir::new().unwrap(), Mint::root("root"));
        write(dir.path(), names, &mint.leaf(ID), &mint.root);
        assert_eq!(load_dir(dir.path()).unwrap().id().as_str(), ID);
    }
}

#[test]
fn says_which_files_a_folder_lacks() {
    let (dir, _) = good();
    fs::remove_file(dir.path().join("key.pem")).unwrap();
    let message = load_dir(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("missing: key.pem (Istio); or tls.crt, tls.key, ca.crt"),
        "{message}"
    );
}

#[test]
fn says_that_a_folder_is_not_there() {
    let message = load_dir(Path::new("/nonexistent/certs"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "cannot read /nonexistent/certs: No such file or directory (os error 2)"
    );
}

#[test]
fn says_which_file_cannot_be_read() {
    let (dir, _) = good();
    let files = IdentityFiles::in_dir(dir.path()).unwrap();
    fs::remove_file(&files.key).unwrap();
    fs::create_dir(&files.key).unwrap();
    let message = Identity::load(&files, SystemTime::now())
        .unwrap_err()
        .to_string();
    assert!(message.starts_with(&format!("cannot read {}: Is a dir", files.key.display())));
}

#[test]
fn shows_what_is_in_the_certificate() {
    let (dir, mint) = good();
    let until = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let leaf = mint.leaf_with(ID, |params| {
        set_validity(params, UNIX_EPOCH + HOUR, until);
        params.serial_number = Some(0x00a1_b2c3_u64.into());
    });
    fs::write(dir.path().join("cert-chain.pem"), &leaf.cert).unwrap();
    fs::write(dir.path().join("key.pem"), &leaf.key).unwrap();
    let identity = load_dir(dir.path()).unwrap();
    assert_eq!(identity.id().as_str(), ID);
    assert_eq!(identity.trust_domain(), "cluster.local");
    assert_eq!(identity.not_after(), until);
    assert_eq!(identity.validity().not_before, UNIX_EPOCH + HOUR);
    assert!(
        identity.serial().ends_with("a1b2c3"),
        "{}",
        identity.serial()
    );
    assert_eq!(identity.files().key, dir.path().join("key.pem"));
    let [root] = identity.roots() else {
        panic!("{:?}", identity.roots())
    };
    assert_eq!(root.subject, "CN=root");
    assert_eq!(root.fingerprint.len(), 64);
}

#[test]
fn takes_keys_of_every_form() {
    let mint = Mint::root("root");
    for (form, key) in key_forms() {
        let loaded = load(&mint.leaf_of_key(&key, ID), &mint.root, SystemTime::now());
        assert!(loaded.is_ok(), "{form}: {}", loaded.unwrap_err());
    }
}

#[test]
fn refuses_the_key_of_another_certificate() {
    let mint = Mint::root("root");
    let torn = Minted {
        cert: mint.leaf(ID).cert,
        key: mint.leaf(ID).key,
    };
    assert_eq!(
        refused(&torn, &mint.root),
        "the private key in /c/key.pem does not belong to the certificate in /c/cert-chain.pem; \
         if they are being replaced at this moment, the next look will find a pair"
    );
}

#[test]
fn refuses_files_of_the_wrong_kind_by_name() {
    let mint = Mint::root("root");
    let good = mint.leaf(ID);
    let swapped = Minted {
        cert: good.key.clone(),
        key: good.cert.clone(),
    };
    let message = refused(&swapped, &mint.root);
    assert!(
        message.starts_with("/c/cert-chain.pem holds no certificate"),
        "{message}"
    );
    let message = refused(
        &Minted {
            key: String::new(),
            ..good.clone()
        },
        &mint.root,
    );
    assert!(
        message.starts_with("/c/key.pem holds no private key"),
        "{message}"
    );
    let message = refused(&good, "");
    assert!(
        message.starts_with("/c/root-cert.pem holds no certificate"),
        "{message}"
    );
}

#[test]
fn refuses_a_certificate_outside_its_validity() {
    let mint = Mint::root("root");
    let end = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let old = mint.leaf_with(ID, |params| set_validity(params, end - HOUR, end));
    let now = end + HOUR;
    assert_eq!(
        load(&old, &mint.root, now).unwrap_err().to_string(),
        "the certificate in /c/cert-chain.pem expired at 2023-11-14T22:13:20Z, \
         and now it is 2023-11-14T23:13:20Z"
    );
    let message = load(&old, &mint.root, end - 2 * HOUR)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("is not valid before 2023-11-14T21:13:20Z"),
        "{message}"
    );
}

#[test]
fn refuses_a_certificate_without_exactly_one_id() {
    let mint = Mint::root("root");
    let message = refused(
        &mint.leaf_with(ID, |p| p.subject_alt_names.clear()),
        &mint.root,
    );
    assert!(
        message.contains("/c/cert-chain.pem has no URI"),
        "{message}"
    );
    let two = mint.leaf_with(ID, |p| p.subject_alt_names.push(uri("https://example.org")));
    let message = refused(&two, &mint.root);
    assert!(
        message.contains("has 2 URIs") && message.contains(ID),
        "{message}"
    );
    let message = refused(&mint.leaf("https://example.org/x"), &mint.root);
    assert!(
        message.contains("must start with \"spiffe://\""),
        "{message}"
    );
}

#[test]
fn refuses_a_chain_that_begins_with_the_ca() {
    let ca = Mint::root("root").intermediate("ca");
    let Minted { cert, key } = ca.leaf(ID);
    let cert = format!("{}{cert}", ca.chain);
    let message = refused(&Minted { cert, key }, &ca.root);
    assert!(
        message.contains("the workload's own certificate must come first"),
        "{message}"
    );
}

#[test]
fn refuses_a_chain_that_leads_to_another_root() {
    let message = refused(&Mint::root("root").leaf(ID), &Mint::root("root").root);
    let start = "the certificate in /c/cert-chain.pem does not verify against the roots in \
                 /c/root-cert.pem: it leads to none of our roots (\"CN=root\" sha256:";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn refuses_a_chain_without_its_intermediate() {
    let ca = Mint::root("root").intermediate("ca");
    let Minted { cert, key } = ca.leaf(ID);
    let cert = cert.strip_suffix(&ca.chain).unwrap().to_owned();
    let message = refused(&Minted { cert, key }, &ca.root);
    assert!(message.contains("must send its intermediates"), "{message}");
}

#[test]
fn refuses_roots_of_which_none_is_valid() {
    let end = SystemTime::now() - HOUR;
    let old = Mint::root_with("old", |params| set_validity(params, end - HOUR, end));
    let message = refused(&old.leaf(ID), &old.root);
    assert!(
        message.contains("holds no root that is valid now"),
        "{message}"
    );
}

#[test]
fn refuses_a_key_that_may_sign_certificates() {
    let mint = Mint::root("root");
    let leaf = mint.leaf_with(ID, |p| p.key_usages.push(KeyUsagePurpose::KeyCertSign));
    assert!(refused(&leaf, &mint.root).contains("may sign certificates"));
}

#[test]
fn a_certificate_for_one_end_is_good_for_that_end_only() {
    let mint = Mint::root("root");
    let leaf = mint.leaf_with(ID, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let identity = mint.identity_of(&leaf);
    assert!(
        identity
            .client_config(verdict(&Allow::Anyone), MinTls::Tls13)
            .is_ok()
    );
    let server = identity.server_config(verdict(&Allow::Anyone), MinTls::Tls13, ServerAlpn::Silent);
    assert_eq!(
        server.unwrap_err().to_string(),
        "the certificate in /c/cert-chain.pem is not for a TLS server (extended key usage)"
    );
}

#[test]
fn bytes_that_are_no_certificate_are_called_broken() {
    let mint = Mint::root("root");
    let cert = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    let message = refused(
        &Minted {
            cert,
            key: mint.leaf(ID).key,
        },
        &mint.root,
    );
    assert!(
        message.contains("is not a readable X.509 certificate"),
        "{message}"
    );
}
