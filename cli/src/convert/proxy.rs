//! Proxies that read the server name and pass TLS on unopened.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use eastwest_daemon::{NameServer, listen_address};
use eastwest_mesh::forwarding::{Forwarding, Target, Wildcard};
use eastwest_mesh::{Dialect, Hostname};

use super::Converted;
use super::clusters::{ClusterArgs, Clusters, Who};
use super::error::ConvertError;

/// Where other clusters connect unless a Gateway has another port.
const EAST_WEST_PORT: u16 = 15443;

/// A proxy in place of the gateway.
#[derive(clap::Args)]
pub(super) struct ProxyArgs {
    #[command(flatten)]
    clusters: ClusterArgs,
    /// Where other clusters connect [default: 0.0.0.0, at the port of the Gateway's servers]
    #[arg(long, value_name = "IP:PORT", value_parser = listen_address)]
    listen: Option<SocketAddr>,
    /// Name server to ask for pods; can be repeated [default: the cluster's own]
    #[arg(long = "name-server", value_name = "IP[:PORT]")]
    name_servers: Vec<NameServer>,
}

/// What a proxy is written from.
pub(super) struct Proxy<'a> {
    pub(super) forwarding: &'a Forwarding,
    pub(super) files: &'a [String],
    pub(super) listen: SocketAddr,
    pub(super) name_servers: &'a [NameServer],
    pub(super) domain: &'a Hostname,
    pub(super) pods: Who,
}

impl Proxy<'_> {
    pub(super) fn targets(&self, dialect: Dialect) -> impl Iterator<Item = &Target> {
        let has = move |target: &&Target| target.names.iter().any(|name| name.dialect == dialect);
        self.forwarding.targets.iter().filter(has)
    }

    pub(super) fn wildcards(&self, dialect: Dialect) -> impl Iterator<Item = &Wildcard> {
        let of = move |wildcard: &&Wildcard| wildcard.dialect == dialect;
        self.forwarding.wildcards.iter().filter(of)
    }

    /// Whether a name of this form is let through at all.
    pub(super) fn has(&self, dialect: Dialect) -> bool {
        self.targets(dialect).next().is_some() || self.wildcards(dialect).next().is_some()
    }

    /// Whether one socket is to take IPv4 as well.
    pub(super) fn takes_both_families(&self) -> bool {
        self.listen.ip() == IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)
    }
}

pub(super) fn convert(
    args: &ProxyArgs,
    write: fn(&Proxy<'_>) -> String,
) -> Result<Converted, ConvertError> {
    let Clusters { forwarding, files } = args.clusters.read()?;
    let port = forwarding.port.map_or(EAST_WEST_PORT, Into::into);
    let everywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let text = write(&Proxy {
        forwarding: &forwarding,
        files: &files,
        listen: args.listen.unwrap_or(everywhere),
        name_servers: &args.name_servers,
        domain: &args.clusters.cluster_domain,
        pods: args.clusters.pods(),
    });
    Ok(Converted {
        text,
        remarks: forwarding.remarks,
        assumed: args.clusters.assumed(),
    })
}
