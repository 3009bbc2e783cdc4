//! Reading an X.509-SVID: a certificate whose one URI name is a SPIFFE ID.

use rustls::pki_types::CertificateDer;
use thiserror::Error;
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::validity::Validity;
use crate::spiffe::{SpiffeId, SpiffeIdError, recognisable};

/// What a workload's certificate says of itself. That it is true is for the chain to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svid {
    /// Whom it names.
    pub id: SpiffeId,
    /// Its serial number in lower-case hexadecimal, without separators.
    pub serial: String,
    /// When it is valid.
    pub validity: Validity,
    /// Which ends of a connection it may stand for.
    pub purposes: Purposes,
}

/// The ends of a connection that a certificate may stand for (extended key usage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purposes {
    /// May be shown by the side that listens.
    pub server: bool,
    /// May be shown by the side that dials.
    pub client: bool,
}

impl Svid {
    /// Reads a leaf certificate by the rules of the X.509-SVID standard, sections 2 to 4.
    ///
    /// rustls-webpki's `valid_uri_names` alone would not do: it leaves out the names that it cannot read,
    /// so a certificate with one good and one broken URI would pass. But who verifies the chain must
    /// have read the same name: x509-parser also takes a URI in constructed form, which DER does not
    /// know (X.690 section 10.2).
    ///
    /// # Errors
    /// If it breaks one of the rules, with the rule.
    pub fn from_der(der: &[u8]) -> Result<Self, SvidError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|error| SvidError::Der(error.to_string()))?;
        if !rest.is_empty() {
            return Err(SvidError::Der(format!("{} bytes follow it", rest.len())));
        }
        check_leaf(&certificate)?;
        let uri = only_uri(&certificate)?;
        // One that webpki cannot read at all is refused by it.
        if let Ok(verified) = EndEntityCert::try_from(&CertificateDer::from(der))
            && verified.valid_uri_names().ne([uri])
        {
            return Err(SvidError::InvalidName);
        }
        Ok(Self {
            id: uri.parse()?,
            serial: hex(certificate.raw_serial()),
            validity: Validity::of(&certificate),
            purposes: purposes(&certificate)?,
        })
    }
}

/// The identity that the other end of a connection has proved.
///
/// Takes what `peer_certificates()` of a rustls connection returns. Call it only after the
/// handshake, made with a configuration of this module: it reads the name, it verifies nothing.
///
/// # Errors
/// If there is no certificate or it is not an X.509-SVID; neither happens with such a connection.
pub fn peer_id(certificates: Option<&[CertificateDer<'_>]>) -> Result<SpiffeId, SvidError> {
    let leaf = certificates
        .and_then(<[_]>::first)
        .ok_or(SvidError::Missing)?;
    Ok(Svid::from_der(leaf)?.id)
}

/// A leaf may neither be a CA nor sign certificates (X.509-SVID sections 4.1 and 4.3), and must be
/// able to sign handshakes (RFC 8446 section 4.4.2.2). webpki looks only at the first of these.
fn check_leaf(certificate: &X509Certificate<'_>) -> Result<(), SvidError> {
    let constraints = certificate
        .basic_constraints()
        .map_err(|_| SvidError::Extensions)?;
    if constraints.is_some_and(|extension| extension.value.ca) {
        return Err(SvidError::Authority);
    }
    let usage = certificate.key_usage().map_err(|_| SvidError::Extensions)?;
    if let Some(usage) = usage.map(|extension| extension.value) {
        if usage.key_cert_sign() || usage.crl_sign() {
            return Err(SvidError::SigningKey);
        }
        if !usage.digital_signature() {
            return Err(SvidError::NoDigitalSignature);
        }
    }
    Ok(())
}

fn only_uri<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, SvidError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| SvidError::Extensions)?;
    let names = names.map(|extension| &extension.value.general_names);
    let mut uris = Vec::new();
    for name in names.into_iter().flatten() {
        match name {
            GeneralName::URI(uri) => uris.push(*uri),
            GeneralName::Invalid(..) => return Err(SvidError::InvalidName),
            _ => {}
        }
    }
    match uris.as_slice() {
        [] => Err(SvidError::NoUri),
        [uri] => Ok(uri),
        [first, second, ..] => Err(SvidError::SeveralUris {
            count: uris.len(),
            first: recognisable(first),
            second: recognisable(second),
        }),
    }
}

/// Without the extension a certificate may stand for both ends (RFC 5280 section 4.2.1.12).
fn purposes(certificate: &X509Certificate<'_>) -> Result<Purposes, SvidError> {
    let usage = certificate
        .extended_key_usage()
        .map_err(|_| SvidError::Extensions)?;
    Ok(usage.map_or(
        Purposes {
            server: true,
            client: true,
        },
        |extension| Purposes {
            server: extension.value.server_auth || extension.value.any,
            client: extension.value.client_auth || extension.value.any,
        },
    ))
}

/// Lower-case hexadecimal, as in `/certs` and in messages.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a certificate is not a workload's X.509-SVID. The message goes on after "the certificate".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SvidError {
    /// There is none.
    #[error("is missing")]
    Missing,
    /// Not a certificate, or a damaged one.
    #[error("is not a readable X.509 certificate: {0}")]
    Der(String),
    /// An extension that decides who this is cannot be read, or is there twice.
    #[error("has broken or doubled extensions")]
    Extensions,
    /// A name in it is not valid, so it is unclear what it names.
    #[error("has a name that cannot be read among its subject alternative names")]
    InvalidName,
    /// It names no SPIFFE ID.
    #[error(
        "has no URI among its subject alternative names; \
         it must have exactly one, as in spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT"
    )]
    NoUri,
    /// It names more than one.
    #[error(
        "has {count} URIs among its subject alternative names ({first:?}, {second:?}, ...); \
         it must have exactly one"
    )]
    SeveralUris {
        /// How many.
        count: usize,
        /// The first of them, cut off where it is very long.
        first: String,
        /// The second of them, likewise.
        second: String,
    },
    /// The one URI is not a SPIFFE ID.
    #[error("names no workload: {0}")]
    Id(#[from] SpiffeIdError),
    /// A CA's certificate stands where a workload's belongs.
    #[error("is a CA's; the workload's own certificate must come first, the CA's after it")]
    Authority,
    /// Its key could issue certificates.
    #[error("may sign certificates or revocation lists (key usage), which a workload's must not")]
    SigningKey,
    /// Its key could not sign a handshake.
    #[error("has a key usage without digitalSignature, so it cannot sign a TLS handshake")]
    NoDigitalSignature,
}

#[cfg(test)]
mod tests;
