//! The check of a peer's certificate, the same in both directions.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use webpki::EndEntityCert;

use super::chain::verify_chain;
use super::crypto::provider;
use super::peer::{PeerError, PeerFault, PeerPolicy, Side};
use super::roots::Roots;
use super::svid::Svid;
use super::validity::from_unix_time;

/// Checks a chain, then the name that the policy asks for, if any, then the identity that it proves.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    roots: Arc<Roots>,
    policy: Arc<dyn PeerPolicy>,
}

impl PeerVerifier {
    pub(super) fn new(roots: Arc<Roots>, policy: Arc<dyn PeerPolicy>) -> Self {
        Self { roots, policy }
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        peer: Side,
        now: UnixTime,
    ) -> Result<(), Error> {
        self.check(leaf, others, peer, now).map_err(|error| {
            self.policy.refused(&error);
            error.fault.to_rustls()
        })
    }

    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        peer: Side,
        now: UnixTime,
    ) -> Result<(), PeerError> {
        let svid = Svid::from_der(leaf).map_err(|error| PeerError {
            claimed: None,
            fault: error.into(),
        })?;
        let checked = svid
            .validity
            .check(from_unix_time(now))
            .map_err(PeerFault::from)
            .and_then(|()| verify_chain(leaf, others, &self.roots, peer, now))
            .and_then(|()| match self.policy.dns_name() {
                Some(name) => verify_name(leaf, name),
                None => Ok(()),
            })
            .and_then(|()| self.policy.check(&svid.id).map_err(PeerFault::NotAllowed));
        checked.map_err(|fault| PeerError {
            claimed: Some(svid.id),
            fault,
        })
    }
}

/// Verifies that the certificate carries a DNS name (RFC 9525, section 6.3; a wildcard stands for one
/// label).
fn verify_name(leaf: &CertificateDer<'_>, expected: &str) -> Result<(), PeerFault> {
    let leaf =
        EndEntityCert::try_from(leaf).map_err(|error| PeerFault::Chain(error.to_string()))?;
    let valid = ServerName::try_from(expected)
        .is_ok_and(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok());
    if valid {
        return Ok(());
    }
    Err(PeerFault::OtherName {
        expected: expected.to_owned(),
        carried: leaf.valid_dns_names().map(str::to_owned).collect(),
    })
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(end_entity, intermediates, Side::Server, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ClientCertVerifier for PeerVerifier {
    /// Empty: clients here have one certificate, so a hint would only cost bytes.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(end_entity, intermediates, Side::Client, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn tls12_signature(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = &provider().signature_verification_algorithms;
    verify_tls12_signature(message, cert, dss, algorithms)
}

fn tls13_signature(
    message: &[u8],
    cert: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = &provider().signature_verification_algorithms;
    verify_tls13_signature(message, cert, dss, algorithms)
}
