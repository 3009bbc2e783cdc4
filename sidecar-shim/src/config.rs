//! What a shim runs with: arguments that have been checked, files that have been read.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use eastwest_manifests::Manifests;
use eastwest_mesh::InboundPolicy;
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::tls::{Identity, IdentityFiles, IdentityStore, MinTls};

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
    /// When the certificate is missing or not valid, a manifest cannot be read, it cannot be told
    /// which policies hold, or the shim would have nothing to do. What is wrong inside a manifest
    /// is logged, and does not stop the rest.
    pub fn new(args: ShimArgs) -> anyhow::Result<Self> {
        let identity = identity(&args.files)?;
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
        let allowed = match args.inbound.ports.as_slice() {
            [] => Allowed::new(Vec::new(), InboundPolicy::default()),
            _ => callers.read(mesh, identity.id())?,
        };
        if !args.inbound.ports.is_empty() && allowed.is_empty() {
            bail!(
                "--inbound is given, but nobody may call: add --allow, e.g. --allow \
                 'spiffe://{}/ns/{}/sa/*', or an AuthorizationPolicy with action ALLOW for this \
                 pod to the manifests",
                identity.trust_domain(),
                identity.id().namespace().unwrap_or("NAMESPACE"),
            );
        }
        let times = &args.connection;
        let sockets =
            SocketOptions::with_keepalive(times.keepalive.get(), times.keepalive_interval.get());
        let min_tls = match args.files.tls_min {
            TlsMin::Tls12 => MinTls::Tls12,
            TlsMin::Tls13 => MinTls::Tls13,
        };
        let identity = IdentityStore::new(identity);
        Ok(Self {
            args,
            sockets,
            min_tls,
            identity,
            manifests,
            callers,
            allowed: Arc::new(allowed),
        })
    }
}

fn identity(files: &FileArgs) -> anyhow::Result<Identity> {
    let named = match (&files.identity, &files.cert, &files.key, &files.roots) {
        (Some(dir), ..) => IdentityFiles::in_dir(dir).context("--identity")?,
        (None, Some(cert), Some(key), Some(roots)) => IdentityFiles {
            cert: cert.clone(),
            key: key.clone(),
            roots: roots.clone(),
        },
        _ => bail!(
            "no certificate: give --identity DIR (or --cert, --key and --roots); \
             `eastwest certs` makes them for a trial"
        ),
    };
    Identity::load(&named, SystemTime::now()).context("the pod's certificate cannot be used")
}
