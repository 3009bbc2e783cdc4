//! Certificates for tests.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use eastwest_transport::tls::{Identity, IdentityFiles, IdentityStore};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use tempfile::TempDir;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A CA.
pub(crate) struct Mint {
    issuer: Issuer<'static, KeyPair>,
    root: String,
}

impl Mint {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            root,
        }
    }

    /// A workload of the namespace pxc, until `not_after`, and the folder that it was read from.
    pub(crate) fn workload(
        &self,
        account: &str,
        not_after: SystemTime,
    ) -> (TempDir, IdentityStore) {
        let dir = TempDir::new().unwrap();
        self.write(dir.path(), account, not_after);
        let store = store(dir.path());
        (dir, store)
    }

    /// Writes a new certificate with its key and root into `dir`, as Istio names them.
    pub(crate) fn write(&self, dir: &Path, account: &str, not_after: SystemTime) {
        let id = format!("spiffe://cluster.local/ns/pxc/sa/{account}");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = (SystemTime::now() - HOUR).into();
        params.not_after = not_after.into();
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(dir.join("cert-chain.pem"), cert.pem()).unwrap();
        fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(dir.join("root-cert.pem"), &self.root).unwrap();
    }
}

/// The identity whose files are in `dir`.
pub(crate) fn store(dir: &Path) -> IdentityStore {
    let files = IdentityFiles::in_dir(dir).unwrap();
    IdentityStore::new(Identity::load(&files, SystemTime::now()).unwrap())
}
