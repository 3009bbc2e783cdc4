//! Certificates that a CA of ours has signed and that still may not be believed.

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;

use super::meeting::{Allow, CLIENT, Meeting, SERVER, meet, verdict};
use super::mint::{Mint, Minted, uri};
use crate::tls::crypto::provider;
use crate::tls::{HandshakeError, MinTls, PeerAlert, PeerFault, SvidError, pem};

/// Our client against a server that shows a certificate no identity of ours could be made of.
async fn dial_server_with(edit: impl FnOnce(&mut CertificateParams)) -> Meeting {
    let mint = Mint::root("root");
    let Minted { cert, key } = mint.leaf_with(SERVER, edit);
    let chain: Vec<CertificateDer<'static>> = pem::certificates(cert.as_bytes()).unwrap();
    let key = pem::private_key(key.as_bytes()).unwrap();
    let careless = ServerConfig::builder_with_provider(Arc::clone(provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (client, server) = (verdict(&Allow::Anyone), verdict(&Allow::Anyone));
    let config = mint
        .identity(CLIENT)
        .client_config(client.clone(), MinTls::Tls13)
        .unwrap();
    meet((config, &client), (Arc::new(careless), &server)).await
}

fn fault(meeting: &Meeting) -> &PeerFault {
    match &meeting.client {
        Err(HandshakeError::Refused(error)) => &error.fault,
        _ => panic!(
            "client: {}, server: {}",
            meeting.client_error(),
            meeting.server_error()
        ),
    }
}

/// A subject alternative name extension of raw URI bytes, valid text or not.
fn raw_uris(uris: &[&[u8]]) -> CustomExtension {
    let mut names = Vec::new();
    for uri in uris {
        names.extend([0x86, u8::try_from(uri.len()).unwrap()]);
        names.extend_from_slice(uri);
    }
    let mut content = vec![0x30, u8::try_from(names.len()).unwrap()];
    content.append(&mut names);
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], content);
    extension.set_criticality(true);
    extension
}

#[tokio::test]
async fn the_control_is_accepted() {
    let meeting = dial_server_with(|_| {}).await;
    assert!(meeting.client.is_ok(), "{}", meeting.client_error());
    let meeting = dial_server_with(|params| {
        params.subject_alt_names.clear();
        params.custom_extensions = vec![raw_uris(&[SERVER.as_bytes()])];
    })
    .await;
    assert!(meeting.client.is_ok(), "{}", meeting.client_error());
}

#[tokio::test]
async fn two_uris_are_refused() {
    let meeting = dial_server_with(|params| params.subject_alt_names.push(uri(CLIENT))).await;
    let two = matches!(
        fault(&meeting),
        PeerFault::Svid(SvidError::SeveralUris { count: 2, .. })
    );
    assert!(two, "{}", fault(&meeting));
    let alert = matches!(
        meeting.server,
        Err(HandshakeError::RefusedByPeer(PeerAlert::BadCertificate(_)))
    );
    assert!(alert, "{}", meeting.server_error());
}

#[tokio::test]
async fn a_good_uri_beside_one_that_is_not_utf8_is_refused() {
    let meeting = dial_server_with(|params| {
        params.subject_alt_names.clear();
        params.custom_extensions = vec![raw_uris(&[SERVER.as_bytes(), b"spiffe://td/\xff"])];
    })
    .await;
    assert_eq!(*fault(&meeting), PeerFault::Svid(SvidError::InvalidName));
}

#[tokio::test]
async fn a_uri_with_a_nul_byte_is_refused() {
    let meeting = dial_server_with(|params| {
        params.subject_alt_names.clear();
        params.custom_extensions = vec![raw_uris(&[b"spiffe://td/a\0b"])];
    })
    .await;
    let id = matches!(fault(&meeting), PeerFault::Svid(SvidError::Id(_)));
    assert!(id, "{}", fault(&meeting));
}

#[tokio::test]
async fn no_uri_is_refused_whatever_other_names_there_are() {
    let meeting = dial_server_with(|params| {
        let dns = "db-pxc-0.pxc.svc.cluster.local".try_into().unwrap();
        params.subject_alt_names = vec![rcgen::SanType::DnsName(dns)];
    })
    .await;
    assert_eq!(*fault(&meeting), PeerFault::Svid(SvidError::NoUri));
}

#[tokio::test]
async fn a_key_that_may_sign_certificates_is_refused() {
    for usage in [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign] {
        let meeting = dial_server_with(|params| params.key_usages.push(usage)).await;
        assert_eq!(*fault(&meeting), PeerFault::Svid(SvidError::SigningKey));
    }
}

#[tokio::test]
async fn a_key_that_may_not_sign_handshakes_is_refused() {
    let meeting = dial_server_with(|params| {
        params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    })
    .await;
    assert_eq!(
        *fault(&meeting),
        PeerFault::Svid(SvidError::NoDigitalSignature)
    );
}

#[tokio::test]
async fn a_client_certificate_is_refused_for_a_server() {
    let meeting = dial_server_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    })
    .await;
    let message = meeting.client_error();
    assert!(message.contains("is not for a TLS server"), "{message}");
    assert!(message.contains(SERVER), "{message}");
}

#[tokio::test]
async fn the_message_for_a_ca_with_a_uri_constraint_explains_it() {
    let constraints = CustomExtension::from_oid_content(&[2, 5, 29, 30], {
        // permittedSubtrees { uniformResourceIdentifier "td" }
        vec![0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0x86, 0x02, b't', b'd']
    });
    let root = Mint::root("root");
    let ca = root.intermediate_with("ca", |params| params.custom_extensions.push(constraints));
    let refused = super::mint::load(
        &ca.leaf("spiffe://td/ns/a/sa/b"),
        &root.root,
        std::time::SystemTime::now(),
    );
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("name constraints"), "{message}");
}
