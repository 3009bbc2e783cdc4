//! Certificates that everybody uses alike: one root, a CA for each cluster, a client and a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Identity, IdentityFiles, MinTls, PeerPolicy, ServerAlpn};
use rustls::{ClientConfig, ServerConfig};

/// Longer than any run.
const TTL: Duration = Duration::from_secs(24 * 3600);
/// For programs that compare a server's DNS name, and none that is in a URI.
pub(crate) const SERVER_NAME: &str = "app-0.app.bench.svc.cluster.local";
/// Whom the client expects, and the server.
pub(crate) const SERVER_ID: &str = "spiffe://cluster.local/ns/bench/sa/app";
pub(crate) const CLIENT_ID: &str = "spiffe://cluster.local/ns/bench/sa/client";

/// The folders of the two certificates.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) client: PathBuf,
    pub(crate) server: PathBuf,
}

/// Files of one certificate, as programs want them.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// Certificate and intermediates.
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) roots: PathBuf,
    /// Chain and key in one file.
    pub(crate) both: PathBuf,
}

impl Keys {
    /// Makes them.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub(crate) fn make(dir: &Path) -> anyhow::Result<Self> {
        let validity = valid_for(TTL);
        let root = Ca::root("shared root", KeyKind::default(), validity)?;
        let workload = |cluster: &str, id: &str, name: Option<&str>| -> anyhow::Result<PathBuf> {
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
            fs::write(dir.join("both.pem"), workload.cert_chain + &workload.key)?;
            Ok(dir)
        };
        Ok(Self {
            client: workload("cluster-b", CLIENT_ID, None)?,
            server: workload("cluster-a", SERVER_ID, Some(SERVER_NAME))?,
        })
    }

    /// How the load generator itself speaks TLS through a gateway: as our shims do.
    ///
    /// # Errors
    /// When the files are not as they were written.
    pub(crate) fn tls(&self) -> anyhow::Result<Tls> {
        let load = |dir: &Path| -> anyhow::Result<Identity> {
            let files = IdentityFiles::in_dir(dir).context("certificates")?;
            Ok(Identity::load(&files, SystemTime::now())?)
        };
        let (client, server) = (load(&self.client)?, load(&self.server)?);
        let min = MinTls::Tls13;
        let server = server.server_config(Arc::new(Only(CLIENT_ID)), min, ServerAlpn::Istio)?;
        Ok(Tls {
            client: client.client_config(Arc::new(Only(SERVER_ID)), min)?,
            server,
        })
    }
}

impl Files {
    /// Those in a folder of [`Keys`].
    pub(crate) fn of(dir: &Path) -> Self {
        Self {
            chain: dir.join("cert-chain.pem"),
            key: dir.join("key.pem"),
            roots: dir.join("root-cert.pem"),
            both: dir.join("both.pem"),
        }
    }
}

/// TLS at both ends of the load generator.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
}

/// One identity, and no other.
#[derive(Debug)]
struct Only(&'static str);

impl PeerPolicy for Only {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        if peer.as_str() == self.0 {
            return Ok(());
        }
        Err(format!("{peer} instead of {}", self.0))
    }
}
