//! Certificates that everybody who is measured uses alike: one root, a CA for each cluster, a client and a
//! server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eastwest_transport::spiffe::{SpiffeId, SpiffeIdError};

use crate::certs::{Ca, CertError, KeyKind, Overwrite, WorkloadRequest, valid_for};

/// Longer than any run.
const TTL: Duration = Duration::from_secs(24 * 3600);
/// The pod that is called. For programs that compare a server's DNS name, and none that is in a URI.
pub const SERVER_NAME: &str = "app-0.app.bench.svc.cluster.local";
/// Whom the client expects.
pub const SERVER_ID: &str = "spiffe://cluster.local/ns/bench/sa/app";
/// Whom the server expects.
pub const CLIENT_ID: &str = "spiffe://cluster.local/ns/bench/sa/client";

/// The folders of the two certificates.
#[derive(Debug, Clone)]
pub struct Keys {
    /// That of whoever calls.
    pub client: PathBuf,
    /// That of whoever is called.
    pub server: PathBuf,
}

/// Files of one certificate, as programs want them.
#[derive(Debug, Clone)]
pub struct Files {
    /// Certificate and intermediates.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Whom it trusts.
    pub roots: PathBuf,
    /// Chain and key in one file.
    pub both: PathBuf,
}

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// One could not be made or written.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// A name is none.
    #[error(transparent)]
    Name(#[from] SpiffeIdError),
    /// The file with chain and key could not be written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Keys {
    /// Makes them.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn make(dir: &Path) -> Result<Self, KeysError> {
        let validity = valid_for(TTL);
        let root = Ca::root("shared root", KeyKind::default(), validity)?;
        let workload = |cluster: &str, id: &str, name: Option<&str>| {
            let ca = root.intermediate(cluster, KeyKind::default(), validity)?;
            let id: SpiffeId = id.parse()?;
            let request = WorkloadRequest {
                id,
                dns_names: name.map(str::to_owned).into_iter().collect(),
                key: KeyKind::default(),
                validity,
            };
            let workload = ca.workload(&request)?;
            let dir = dir.join(cluster);
            workload.write(&dir, Overwrite::Refuse)?;
            let both = workload.cert_chain + &workload.key;
            let path = dir.join("both.pem");
            fs::write(&path, both).map_err(|source| KeysError::File { path, source })?;
            Ok::<_, KeysError>(dir)
        };
        Ok(Self {
            client: workload("cluster-b", CLIENT_ID, None)?,
            server: workload("cluster-a", SERVER_ID, Some(SERVER_NAME))?,
        })
    }
}

impl Files {
    /// Those in a folder of [`Keys`].
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self {
            chain: dir.join("cert-chain.pem"),
            key: dir.join("key.pem"),
            roots: dir.join("root-cert.pem"),
            both: dir.join("both.pem"),
        }
    }
}
