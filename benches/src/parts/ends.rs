//! Connections in this process, and the identities at their ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest_transport::relay::TlsLeg;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    Identity, IdentityFiles, MinTls, PeerPolicy, Secured, ServerAlpn, accept, connect,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::names::SNI;

/// Lets in whoever has a certificate of the root: the policy is no part of what is measured.
#[derive(Debug)]
struct Anyone;

impl PeerPolicy for Anyone {
    fn check(&self, _peer: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

/// Who is at the two ends.
#[derive(Debug)]
pub struct Ends {
    client: Identity,
    server: Identity,
}

impl Ends {
    /// One root, a CA for each cluster, a certificate for each end.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn make() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let validity = valid_for(Duration::from_secs(24 * 3600));
        let root = Ca::root("shared root", KeyKind::default(), validity)?;
        let end = |name: &str| -> anyhow::Result<Identity> {
            let ca = root.intermediate(name, KeyKind::default(), validity)?;
            let request = WorkloadRequest {
                id: format!("spiffe://cluster.local/ns/pxc/sa/{name}").parse()?,
                dns_names: Vec::new(),
                key: KeyKind::default(),
                validity,
            };
            let dir = dir.path().join(name);
            ca.workload(&request)?.write(&dir, Overwrite::Refuse)?;
            let files = IdentityFiles::in_dir(&dir)?;
            Ok(Identity::load(&files, SystemTime::now())?)
        };
        Ok(Self {
            client: end("replica")?,
            server: end("source")?,
        })
    }

    /// A mutual handshake, as the shims make it.
    ///
    /// # Errors
    /// When it fails.
    pub async fn agree<N, F>(&self, near: &mut N, far: &mut F) -> anyhow::Result<(Secured, Secured)>
    where
        N: AsyncRead + AsyncWrite + Unpin,
        F: AsyncRead + AsyncWrite + Unpin,
    {
        let client = self.client.client_config(Arc::new(Anyone), MinTls::Tls13)?;
        let server =
            self.server
                .server_config(Arc::new(Anyone), MinTls::Tls13, ServerAlpn::Istio)?;
        let (client, server) = tokio::join!(
            connect(client, SNI.try_into()?, near),
            accept(server, far, Vec::new())
        );
        Ok((
            client.context("the client's end")?,
            server.context("the server's end")?,
        ))
    }

    /// That over a new connection.
    ///
    /// # Errors
    /// When it fails.
    pub async fn tls(&self) -> anyhow::Result<(TlsLeg, TlsLeg)> {
        let (mut near, mut far) = tcp().await?;
        let (client, server) = self.agree(&mut near, &mut far).await?;
        Ok((TlsLeg::new(near, client), TlsLeg::new(far, server)))
    }
}

/// Both ends of a new TCP connection.
///
/// # Errors
/// The system's.
pub async fn tcp() -> anyhow::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?);
    let (near, far) = tokio::join!(near, listener.accept());
    let (near, (far, _)) = (near?, far?);
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}
