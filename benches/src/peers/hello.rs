//! ClientHellos for a gateway: real ones, with the name of a route.

use std::sync::Arc;

use anyhow::Context;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use crate::keys::Tls;
use crate::place::APP_PORT;

/// What a client says first.
#[derive(Debug, Clone)]
pub(crate) struct Hello {
    name: ServerName<'static>,
    bytes: Arc<[u8]>,
    tls: Tls,
}

/// The host of a route, as the cluster with the server knows it.
pub(crate) fn host(route: usize) -> String {
    format!("app-{route}.app.bench.svc.cluster.local")
}

/// The server name that stands for it.
pub(crate) fn sni(route: usize) -> String {
    format!("outbound_.{APP_PORT}_._.{}", host(route))
}

impl Hello {
    /// That of a client which wants to go to this route.
    ///
    /// # Errors
    /// When the library refuses.
    pub(crate) fn to(route: usize, tls: &Tls) -> anyhow::Result<Self> {
        let name = ServerName::try_from(sni(route)).context("a server name")?;
        let mut client = ClientConnection::new(Arc::clone(&tls.client), name.clone())?;
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes)?;
        }
        Ok(Self {
            name,
            bytes: bytes.into(),
            tls: tls.clone(),
        })
    }

    /// All of it, as it goes over the network.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    pub(crate) const fn tls(&self) -> &Tls {
        &self.tls
    }
}
