//! Workload certificates: X.509-SVIDs in the shape that Istio gives them.

use std::path::Path;

use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::Validity;
use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, DistinguishedName, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};

use super::ca::{Ca, set_validity};
use super::cacerts;
use super::error::CertError;
use super::files::{Overwrite, PemFile, write_all};
use super::key::KeyKind;

/// What a workload's certificate is to say.
#[derive(Debug, Clone)]
pub struct WorkloadRequest {
    /// Whom it names.
    pub id: SpiffeId,
    /// DNS names beside the ID, for callers that check the pod's (`eastwest.dev/verify-pod-name`).
    pub dns_names: Vec<String>,
    /// The kind of its key.
    pub key: KeyKind,
    /// When it is valid; cut off where the CA ends.
    pub validity: Validity,
}

/// A workload's certificate, as PEM.
#[derive(Clone)]
pub struct Workload {
    /// Its certificate and the intermediates, without the root.
    pub cert_chain: String,
    /// Its private key as PKCS #8.
    pub key: String,
    /// The roots by which it judges its peers.
    pub roots: String,
    /// When it is valid.
    pub validity: Validity,
}

impl Ca {
    /// Makes a key and signs a certificate for it.
    ///
    /// # Errors
    /// If the CA ends before the validity begins, a DNS name is impossible or the library fails.
    pub fn workload(&self, request: &WorkloadRequest) -> Result<Workload, CertError> {
        let validity = self.clamp(request.validity)?;
        let mut params = CertificateParams::default();
        set_validity(&mut params, validity)?;
        // Without a subject the alternative name is the only name, and becomes critical (RFC 5280
        // section 4.2.1.6).
        params.distinguished_name = DistinguishedName::new();
        let uri = Ia5String::try_from(request.id.as_str())
            .map_err(CertError::make("workload certificate"))?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        for name in &request.dns_names {
            params
                .subject_alt_names
                .push(SanType::DnsName(dns_name(name)?));
        }
        // Says "not a CA" explicitly; the form without the extension is refused by some.
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        let key = request.key.generate()?;
        let leaf = params
            .signed_by(&key, &self.issuer)
            .map_err(CertError::make("workload certificate"))?;
        Ok(Workload {
            cert_chain: leaf.pem() + &self.intermediates.concat(),
            key: key.serialize_pem(),
            roots: self.roots.clone(),
            validity,
        })
    }
}

impl Workload {
    /// Writes the three files under the names that Istio's agent gives them.
    ///
    /// # Errors
    /// If a file is there already and may not be replaced, the folder is a CA's, or the file system
    /// refuses.
    pub fn write(&self, dir: &Path, overwrite: Overwrite) -> Result<(), CertError> {
        cacerts::leave_alone_all(dir)?;
        let files = [
            PemFile::public("root-cert.pem", self.roots.clone()),
            PemFile::public("cert-chain.pem", self.cert_chain.clone()),
            PemFile::secret("key.pem", self.key.clone()),
        ];
        write_all(dir, &files, overwrite)
    }
}

fn dns_name(name: &str) -> Result<Ia5String, CertError> {
    let refused = || CertError::DnsName(name.to_owned());
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    if name.is_empty() || name.len() > 253 || !name.chars().all(known) {
        return Err(refused());
    }
    Ia5String::try_from(name).map_err(|_| refused())
}
