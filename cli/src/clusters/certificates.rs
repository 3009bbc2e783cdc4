//! The certificates of the two clusters: one root, a CA for each, a certificate for each workload.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::Validity;

use super::error::ClustersError;
use crate::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};

/// Longer than any demo or test lives.
const TTL: Duration = Duration::from_secs(24 * 3600);

/// The CAs of both clusters, and the folder where certificates are written.
#[derive(Debug)]
pub struct Certificates {
    dir: PathBuf,
    cluster_a: Ca,
    cluster_b: Ca,
}

impl Certificates {
    pub(super) fn make(dir: &Path) -> Result<Self, ClustersError> {
        let validity = valid_for(TTL);
        let root = Ca::root("shared root", KeyKind::default(), validity)?;
        let cluster = |name| root.intermediate(name, KeyKind::default(), validity);
        let (cluster_a, cluster_b) = (cluster("cluster-a")?, cluster("cluster-b")?);
        Ok(Self {
            dir: dir.to_owned(),
            cluster_a,
            cluster_b,
        })
    }

    /// The folder with the certificate of a service account, made if it is not there yet.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn workload(
        &self,
        cluster: &str,
        namespace: &str,
        account: &str,
    ) -> Result<PathBuf, ClustersError> {
        let dir = self.dir.join(format!("{cluster}-{namespace}-{account}"));
        if !dir.exists() {
            self.issue(&dir, cluster, namespace, account, valid_for(TTL))?;
        }
        Ok(dir)
    }

    /// Writes a new certificate into a folder, in place of the one that is there.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn issue(
        &self,
        dir: &Path,
        cluster: &str,
        namespace: &str,
        account: &str,
        validity: Validity,
    ) -> Result<(), ClustersError> {
        let id: SpiffeId = format!("spiffe://cluster.local/ns/{namespace}/sa/{account}")
            .parse()
            .map_err(|error: eastwest_transport::spiffe::SpiffeIdError| {
                ClustersError::Certificates(error.to_string())
            })?;
        let ca = if cluster == "cluster-a" {
            &self.cluster_a
        } else {
            &self.cluster_b
        };
        let key = KeyKind::default();
        let request = WorkloadRequest {
            id,
            dns_names: Vec::new(),
            key,
            validity,
        };
        ca.workload(&request)?.write(dir, Overwrite::Replace)?;
        Ok(())
    }
}
