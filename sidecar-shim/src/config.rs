//! What a shim runs with: arguments that have been checked, files that have been read.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use eastwest_manifests::Manifests;
use eastwest_mesh::{InboundPolicy, OWN_TRUST_DOMAIN};
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::tls::{IdentityFiles, IdentitySource, IdentityStore, MinTls};

use crate::args::{FileArgs, Mode, OwnPort, ShimArgs, TlsMin};
use crate::callers::Callers;
use crate::inbound::Allowed;
use crate::manifests;

/// A shim that can be run.
#[derive(Debug)]
pub struct Config {
    pub(crate) args: ShimArgs,
    pub(crate) sockets: SocketOptions,
    pub(crate) min_tls: MinTls,
    pub(crate) identity: IdentityStore,
    pub(crate) manifests: Manifests,
    pub(crate) callers: Callers,
    /// Who may call at the start.
    pub(crate) allowed: Arc<Allowed>,
}

impl Config {
    /// Reads the certificate and the manifests.
    ///
    /// # Errors
    /// When the certificate is wrong in a way that does not pass by itself, a manifest cannot be read, it
    /// cannot be told which policies hold, or the shim would have nothing to do. What is wrong inside a
    /// manifest is logged, and does not stop the rest.
    pub fn new(args: ShimArgs) -> anyhow::Result<Self> {
        let store = identity(&args.files)?;
        let manifests = manifests::read(&args)?;
        let mesh = manifests.mesh();
        if mesh.routes.is_empty() && mesh.down.is_empty() && args.inbound.ports.is_empty() {
            bail!(
                "nothing to do: the manifests have no alias to serve (--manifests), and no port of \
                 this pod is to be called (--inbound PORT)"
            );
        }
        let outbound = &args.outbound;
        if outbound.mode == Mode::Service && !outbound.dns_listen.is_empty() {
            bail!(
                "--dns-listen has nothing to answer in mode service: the Services have the aliases' \
                 names, and the cluster's DNS answers those"
            );
        }
        if outbound.mode != Mode::Service && outbound.service_address.is_some() {
            bail!("--service-address is for --mode service");
        }
        if outbound.own_ports.contains(&OwnPort::None) && outbound.own_ports.len() > 1 {
            bail!(
                "--own-port none says that no server of this pod has a port of an alias: give it alone"
            );
        }
        for rule in &args.inbound.allow {
            if rule
                .port()
                .is_some_and(|port| !args.inbound.ports.contains(&port))
            {
                bail!(
                    "--allow {rule} is for a port that no --inbound gives, so nobody could ever \
                     use it"
                );
            }
        }
        let callers = Callers::new(&args.inbound);
        let identity = store.current();
        let allowed = match args.inbound.ports.as_slice() {
            [] => Allowed::new(Vec::new(), InboundPolicy::default()),
            _ => callers.read(mesh, &identity)?,
        };
        let nobody = match &identity {
            Ok(_) => allowed.is_empty(),
            Err(_) => args.inbound.allow.is_empty() && mesh.policies.is_empty(),
        };
        if !args.inbound.ports.is_empty() && nobody {
            let identity = identity.as_ref().ok();
            bail!(
                "--inbound is given, but nobody may call: add --allow, e.g. --allow \
                 'spiffe://{}/ns/{}/sa/*', or an AuthorizationPolicy with action ALLOW for this \
                 pod to the manifests",
                identity.map_or(OWN_TRUST_DOMAIN, |identity| identity.trust_domain()),
                identity
                    .and_then(|identity| identity.id().namespace())
                    .unwrap_or("NAMESPACE"),
            );
        }
        let times = &args.connection;
        let sockets =
            SocketOptions::with_keepalive(times.keepalive.get(), times.keepalive_interval.get());
        let min_tls = match args.files.tls_min {
            TlsMin::Tls12 => MinTls::Tls12,
            TlsMin::Tls13 => MinTls::Tls13,
        };
        Ok(Self {
            args,
            sockets,
            min_tls,
            identity: store,
            manifests,
            callers,
            allowed: Arc::new(allowed),
        })
    }
}

/// The pod's certificate, if it is there and in its time. It may have to come by the DNS of this very shim,
/// and is renewed by others: without one the shim answers names, is not ready, and refuses connections.
fn identity(files: &FileArgs) -> anyhow::Result<IdentityStore> {
    let source = match (&files.identity, &files.cert, &files.key, &files.roots) {
        (Some(dir), ..) => IdentitySource::Folder(dir.clone()),
        (None, Some(cert), Some(key), Some(roots)) => IdentitySource::Files(IdentityFiles {
            cert: cert.clone(),
            key: key.clone(),
            roots: roots.clone(),
        }),
        _ => bail!(
            "no certificate: give --identity DIR (or --cert, --key and --roots); \
             `eastwest certs` makes them for a trial"
        ),
    };
    let now = SystemTime::now();
    let store = IdentityStore::open(source, now)
        .context("the pod's certificate cannot be used (--identity)")?;
    if let Err(why) = store.valid(now) {
        tracing::error!(
            "there is no valid certificate, and connections are refused until there is: {why}"
        );
    }
    Ok(store)
}
