//! How the load generator itself speaks TLS through a gateway: as our shims do.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use eastwest::measure::keys::{CLIENT_ID, Keys, SERVER_ID};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{Identity, IdentityFiles, MinTls, PeerPolicy, ServerAlpn};
use rustls::{ClientConfig, ServerConfig};

/// TLS at both ends of the load generator.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
}

impl Tls {
    /// That of these certificates.
    ///
    /// # Errors
    /// When the files are not as they were written.
    pub(crate) fn of(keys: &Keys) -> anyhow::Result<Self> {
        let load = |dir: &Path| -> anyhow::Result<Identity> {
            let files = IdentityFiles::in_dir(dir).context("certificates")?;
            Ok(Identity::load(&files, SystemTime::now())?)
        };
        let (client, server) = (load(&keys.client)?, load(&keys.server)?);
        let min = MinTls::Tls13;
        let server = server.server_config(Arc::new(Only(CLIENT_ID)), min, ServerAlpn::Istio)?;
        Ok(Self {
            client: client.client_config(Arc::new(Only(SERVER_ID)), min)?,
            server,
        })
    }
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
