//! Connections in this process, and the identities at their ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest_transport::relay::TlsLeg;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    Identity, IdentityFiles, MinTls, PeerPolicy, ServerAlpn, accept, connect,
};
use tokio::net::{TcpListener, TcpStream};

const SNI: &str = "outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local";

/// Lets in whoever has a certificate of the root: the policy is no part of what is measured.
#[derive(Debug)]
struct Anyone;

impl PeerPolicy for Anyone {
    fn check(&self, _peer: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

/// Who is at the two ends.
pub(crate) struct Ends {
    client: Identity,
    server: Identity,
}

impl Ends {
    /// One root, a CA for each cluster, a certificate for each end.
    pub(crate) fn make() -> anyhow::Result<Self> {
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

    /// A mutual handshake over a new connection, as the shims make it.
    pub(crate) async fn tls(&self) -> anyhow::Result<(TlsLeg, TlsLeg)> {
        let client = self.client.client_config(Arc::new(Anyone), MinTls::Tls13)?;
        let server =
            self.server
                .server_config(Arc::new(Anyone), MinTls::Tls13, ServerAlpn::Istio)?;
        let (mut near, mut far) = tcp().await?;
        let (client, server) = tokio::join!(
            connect(client, SNI.try_into()?, &mut near),
            accept(server, &mut far, Vec::new())
        );
        Ok((
            TlsLeg::new(near, client.context("the client's end")?),
            TlsLeg::new(far, server.context("the server's end")?),
        ))
    }
}

/// Both ends of a new TCP connection.
pub(crate) async fn tcp() -> anyhow::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?);
    let (near, far) = tokio::join!(near, listener.accept());
    let (near, (far, _)) = (near?, far?);
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}
