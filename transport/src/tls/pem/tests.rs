use proptest::prelude::*;

use super::*;
use crate::tls::tests::mint::{Mint, key_forms};

fn certificates_error(pem: &str) -> String {
    certificates(pem.as_bytes()).unwrap_err().to_string()
}

fn key_error(pem: &str) -> String {
    private_key(pem.as_bytes()).unwrap_err().to_string()
}

#[test]
fn certificates_keep_their_order_between_other_text() {
    let (a, b) = (Mint::root("a").root, Mint::root("b").root);
    let text = format!("# first\n{a}\nsome text\n{b}");
    let found = certificates(text.as_bytes()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found.first(), certificates(a.as_bytes()).unwrap().first());
}

#[test]
fn every_form_of_private_key_is_read() {
    for (form, pem) in key_forms() {
        let key = private_key(pem.as_bytes()).unwrap();
        let read = match key {
            PrivateKeyDer::Pkcs1(_) => "PKCS #1",
            PrivateKeyDer::Sec1(_) => "SEC1",
            _ => "PKCS #8",
        };
        assert_eq!(read, form);
    }
}

#[test]
fn a_key_where_a_certificate_belongs_is_said_to_be_there() {
    let key = Mint::root("a").leaf("spiffe://td/a").key;
    assert_eq!(
        certificates_error(&key),
        "holds no certificate (\"-----BEGIN CERTIFICATE-----\"), \
         but 0 certificates, 1 private keys, 0 other blocks"
    );
}

#[test]
fn an_empty_file_and_one_of_other_text_hold_no_pem_at_all() {
    for text in ["", "hello\n", "\0\u{1}"] {
        assert!(
            certificates_error(text).ends_with("no PEM block at all"),
            "{text:?}"
        );
        assert!(key_error(text).ends_with("no PEM block at all"), "{text:?}");
    }
}

#[test]
fn a_certificate_that_was_cut_off_is_broken() {
    let root = Mint::root("a").root;
    let cut = root.get(..root.len() / 2).unwrap();
    let message = certificates_error(cut);
    assert!(
        message.contains("END CERTIFICATE") && message.contains("missing"),
        "{message}"
    );
}

#[test]
fn base64_that_is_none_is_broken() {
    let message =
        certificates_error("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n");
    assert!(message.contains("base64"), "{message}");
}

#[test]
fn two_keys_are_one_too_many() {
    let mint = Mint::root("a");
    let both = mint.leaf("spiffe://td/a").key + &mint.leaf("spiffe://td/a").key;
    assert_eq!(
        key_error(&both),
        "holds 2 private keys; it must hold exactly one"
    );
}

#[test]
fn a_key_under_a_password_is_called_encrypted() {
    for pem in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\
         MIIB\n-----END RSA PRIVATE KEY-----\n",
    ] {
        assert!(key_error(pem).contains("encrypted"), "{}", key_error(pem));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = certificates(&text);
        let _ = private_key(&text);
    }

    #[test]
    fn any_block_is_read_or_refused(
        label in "(CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|[A-Z ]{0,12})",
        body in "[A-Za-z0-9+/=\\n -]{0,80}",
        end in "(-----END [A-Z ]{0,12}-----\\n?)?",
    ) {
        let text = format!("-----BEGIN {label}-----\n{body}\n{end}");
        let _ = certificates(text.as_bytes());
        let _ = private_key(text.as_bytes());
    }
}
