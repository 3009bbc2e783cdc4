//! The resolver inside the shim's process, so that a pod needs one sidecar and not two.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::Context;
use eastwest_mesh::Mesh;
use eastwest_resolver::alias::AliasTable;
use eastwest_resolver::alias::search::SearchDomains;
use eastwest_resolver::config::{Forwarding, ResolverConfig};
use eastwest_resolver::name::Domain;
use eastwest_resolver::resolv_conf::{self, ResolvConf};
use eastwest_resolver::server::Resolver;

use crate::config::Config;

/// The resolver's table, kept in step with the routes.
#[derive(Debug, Clone)]
pub(crate) struct Dns {
    table: Arc<ArcSwap<AliasTable>>,
    address: Option<SocketAddr>,
}

impl Dns {
    /// Where questions are taken.
    pub(crate) const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Answers the aliases of `mesh` from now on.
    pub(crate) fn follow(&self, mesh: &Mesh) {
        self.table.store(Arc::new(AliasTable::of(mesh)));
    }
}

/// Starts it, if `--dns-listen` asks for it.
pub(crate) fn start(config: &Config, context: &Context) -> anyhow::Result<Option<Dns>> {
    let args = &config.args.outbound;
    let Some(listen) = args.dns_listen else {
        return Ok(None);
    };
    let cluster: Domain = config
        .args
        .files
        .cluster_domain
        .as_ref()
        .parse()
        .context("--cluster-domain")?;
    let system = ResolvConf::read(Path::new(resolv_conf::PATH));
    let (upstreams, search, rotate) = match (args.dns_upstreams.as_slice(), system) {
        ([], system) => {
            let system = system.context("--dns-upstream gives the name servers by hand")?;
            (system.nameservers, system.search, system.rotate)
        }
        (given, Ok(system)) => (given.to_vec(), system.search, false),
        (given, Err(_)) => (given.to_vec(), Vec::new(), false),
    };
    let mut settings = ResolverConfig::new(vec![listen], cluster.clone());
    settings.search = SearchDomains::new(cluster, search);
    settings.forwarding = Forwarding {
        upstreams,
        rotate,
        ..Forwarding::default()
    };
    let table = Arc::new(ArcSwap::from_pointee(AliasTable::of(&config.mesh)));
    let bound = Resolver::bind(&settings, Arc::clone(&table))
        .context("--dns-listen gives another address")?;
    let address = bound.addresses().first().copied();
    // Names are answered for as long as connections are accepted, lame duck included.
    tokio::spawn(bound.serve(context.shutdown.stop_accepting_token()));
    Ok(Some(Dns { table, address }))
}
