//! Certificate authorities: the root that all clusters share, and one below it for each cluster.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use eastwest_transport::tls::Validity;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::cacerts;
use super::error::CertError;
use super::files::Overwrite;
use super::key::KeyKind;

/// The organisation in the names of CAs, for people who read certificates.
const ORGANIZATION: &str = "eastwest";

/// A CA with its key.
#[derive(Debug)]
pub struct Ca {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) validity: Validity,
    /// Its own certificate and those above it, without the root, as PEM. Empty for a root.
    pub(super) intermediates: Vec<String>,
    /// The root, or several of them, as PEM.
    pub(super) roots: String,
}

impl Ca {
    /// A new root with a certificate of its own.
    ///
    /// # Errors
    /// If the validity is empty or the library fails.
    pub fn root(name: &str, kind: KeyKind, validity: Validity) -> Result<Self, CertError> {
        let params = ca_params(
            name,
            None,
            IsCa::Ca(BasicConstraints::Unconstrained),
            validity,
        )?;
        let key = kind.generate()?;
        let roots = params
            .self_signed(&key)
            .map_err(CertError::make("root certificate"))?
            .pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            validity,
            intermediates: Vec::new(),
            roots,
        })
    }

    /// A new CA below this one, for the cluster `cluster`. It can sign workloads but no further CA,
    /// and it ends no later than this one.
    ///
    /// # Errors
    /// If this CA ends before the validity begins, or the library fails.
    pub fn intermediate(
        &self,
        cluster: &str,
        kind: KeyKind,
        validity: Validity,
    ) -> Result<Self, CertError> {
        let validity = self.clamp(validity)?;
        let constraints = IsCa::Ca(BasicConstraints::Constrained(0));
        let mut params = ca_params("Intermediate CA", Some(cluster), constraints, validity)?;
        params.use_authority_key_identifier_extension = true;
        let key = kind.generate()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(CertError::make("intermediate certificate"))?;
        let mut intermediates = vec![certificate.pem()];
        intermediates.extend(self.intermediates.iter().cloned());
        Ok(Self {
            issuer: Issuer::new(params, key),
            validity,
            intermediates,
            roots: self.roots.clone(),
        })
    }

    /// Reads a CA from a folder in one of the layouts that [`Ca::write`] writes, or Istio's `cacerts`.
    ///
    /// # Errors
    /// If there is none, or its certificate and key are not a pair, or it has expired at `now`.
    pub fn load(dir: &Path, now: SystemTime) -> Result<Self, CertError> {
        cacerts::load(dir, now)
    }

    /// Writes the CA to a folder: a root as `root-cert.pem` and `root-key.pem`, any other in the
    /// layout of Istio's `cacerts` secret.
    ///
    /// # Errors
    /// If a file is there already and may not be replaced, or the file system refuses.
    pub fn write(&self, dir: &Path, overwrite: Overwrite) -> Result<(), CertError> {
        cacerts::write(self, dir, overwrite)
    }

    /// When this CA is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The root or roots as PEM: what peers of this CA's workloads have to trust.
    pub fn roots_pem(&self) -> &str {
        &self.roots
    }

    /// What a certificate signed by this CA gets of `validity`: it must not outlive the CA.
    pub(super) fn clamp(&self, validity: Validity) -> Result<Validity, CertError> {
        let not_after = validity.not_after.min(self.validity.not_after);
        if not_after <= validity.not_before && not_after < validity.not_after {
            return Err(CertError::CaEnds { not_after });
        }
        Ok(Validity {
            not_before: validity.not_before,
            not_after,
        })
    }
}

/// Writes a validity into the parameters of a certificate.
pub(super) fn set_validity(
    params: &mut CertificateParams,
    validity: Validity,
) -> Result<(), CertError> {
    let Validity {
        not_before,
        not_after,
    } = validity;
    if not_after <= not_before {
        return Err(CertError::EmptyValidity {
            not_before,
            not_after,
        });
    }
    params.not_before = in_a_certificate(not_before)?;
    params.not_after = in_a_certificate(not_after)?;
    Ok(())
}

/// X.509 has four digits for the year. A time before 1970 is what no caller has.
fn in_a_certificate(time: SystemTime) -> Result<OffsetDateTime, CertError> {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .ok_or(CertError::PastTheLastYear)
}

fn ca_params(
    name: &str,
    cluster: Option<&str>,
    constraints: IsCa,
    validity: Validity,
) -> Result<CertificateParams, CertError> {
    let mut params = CertificateParams::default();
    set_validity(&mut params, validity)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, ORGANIZATION);
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(cluster) = cluster {
        // Where Istio's script puts the cluster.
        params
            .distinguished_name
            .push(DnType::LocalityName, cluster);
    }
    params.is_ca = constraints;
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    Ok(params)
}
