//! The resolver inside the shim's process, so that a pod needs one sidecar and not two.

use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::{Context, NameServer};
use eastwest_mesh::Mesh;
use eastwest_resolver::alias::search::SearchDomains;
use eastwest_resolver::alias::{AliasTable, FirstQuestion};
use eastwest_resolver::config::{Forwarding, ResolverConfig};
use eastwest_resolver::name::Domain;
use eastwest_resolver::resolv_conf::{self, ResolvConf};
use eastwest_resolver::server::{BindError, Resolver};
use eastwest_resolver::status;

use crate::config::Config;
use crate::vips::Vips;

/// The resolver's table, kept in step with the routes.
#[derive(Debug, Clone)]
pub(crate) struct Dns {
    mesh: Arc<Mutex<Mesh>>,
    table: Arc<ArcSwap<AliasTable>>,
    first_question: Option<FirstQuestion>,
    addresses: Vec<SocketAddr>,
}

impl Dns {
    /// Where questions are taken.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answers the aliases of `mesh` from now on, but for addresses on which nobody listens.
    pub(crate) fn follow(&self, mesh: &Mesh, vips: &Vips) {
        let mut known = self.mesh.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone_from(mesh);
        self.answer(&known, vips);
    }

    /// Answers with the addresses that are listened on now.
    pub(crate) fn follow_vips(&self, vips: &Vips) {
        let known = self.mesh.lock().unwrap_or_else(PoisonError::into_inner);
        self.answer(&known, vips);
    }

    fn answer(&self, mesh: &Mesh, vips: &Vips) {
        let first_question = self.first_question.clone().filter(|_| vips.is_waiting());
        let table = heard(mesh, vips).with_first_question(first_question);
        self.table.store(Arc::new(table));
    }

    /// What is not taken before is taken when an alias is asked for, and answered as it turns out.
    fn on_first_question(&self, vips: &Vips) -> FirstQuestion {
        let (dns, vips) = (self.clone(), vips.clone());
        FirstQuestion::new(move || {
            vips.asked();
            dns.follow_vips(&vips);
        })
    }
}

/// An address counts only if all of its ports are the shim's.
fn heard(mesh: &Mesh, vips: &Vips) -> AliasTable {
    let failed = vips.failed();
    let unheard = failed.iter().map(|(at, why)| (at.ip(), why.clone()));
    AliasTable::heard(mesh, &unheard.collect())
}

fn addresses(servers: &[NameServer]) -> Vec<SocketAddr> {
    servers.iter().map(|server| server.address()).collect()
}

/// Without IPv6 addresses on a node that has no IPv6, if there are others: nobody asks there.
fn available(asked: &[SocketAddr]) -> Vec<SocketAddr> {
    let without_ipv6 =
        asked.iter().any(SocketAddr::is_ipv4) && UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err();
    let (left_out, listen): (Vec<_>, Vec<_>) = asked
        .iter()
        .partition(|address| address.is_ipv6() && without_ipv6);
    for address in left_out {
        tracing::info!(%address, "there is no IPv6 here, so no names are answered over it");
    }
    listen
}

/// Starts it, if `--dns-listen` asks for it.
pub(crate) async fn start(
    config: &Config,
    vips: &Vips,
    context: &Context,
) -> anyhow::Result<Option<Dns>> {
    let args = &config.args.outbound;
    let listen = available(&args.dns_listen);
    if listen.is_empty() {
        return Ok(None);
    }
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
        (given, Ok(system)) => (addresses(given), system.search, false),
        (given, Err(_)) => (addresses(given), Vec::new(), false),
    };
    let mut settings = ResolverConfig::new(listen, cluster.clone());
    settings.search = SearchDomains::new(cluster, search);
    settings.forwarding = Forwarding {
        upstreams,
        rotate,
        ..Forwarding::default()
    };
    let mesh = Arc::new(Mutex::new(config.manifests.mesh().clone()));
    let mut dns = Dns {
        mesh,
        table: Arc::default(),
        first_question: None,
        addresses: Vec::new(),
    };
    dns.first_question = Some(dns.on_first_question(vips));
    dns.follow_vips(vips);
    let table = Arc::clone(&dns.table);
    let bind = || Resolver::bind(&settings, Arc::clone(&table));
    let bound = context
        .ports
        .once_free(bind, BindError::is_in_use)
        .await
        .map_err(|error| anyhow::anyhow!("{error}; --dns-listen gives another address"))?;
    dns.addresses = bound.addresses().to_vec();
    status::tell(&context.status, Arc::clone(&table), bound.upstreams());
    // Names are answered for as long as connections are accepted, lame duck included.
    tokio::spawn(bound.serve(context.shutdown.stop_accepting_token()));
    Ok(Some(dns))
}
