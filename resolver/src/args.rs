//! The resolver's command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, ValueEnum};
use eastwest_daemon::{DaemonArgs, HumanDuration, NameServer, Reach, Settings};
use eastwest_mesh::virtual_ip::REDIRECTED;
use eastwest_mesh::{Capture, Hostname, IpNet};

use crate::name::Domain;

/// Answers the aliases of the manifests with their virtual IPs, and passes other names on
///
/// An alias (a host of a ServiceEntry, such as src-db-pxc-0.pxc.svc.cluster.local) has an address
/// on which a shim takes connections for the other cluster. Pods that use this resolver find it;
/// for all other names they get what the cluster's own DNS says, unchanged.
#[derive(Debug, Clone, Parser)]
#[command(name = "eastwest-resolver", version, after_long_help = EXAMPLES)]
pub struct ResolverArgs {
    /// Istio manifests: a YAML file, or a folder of them; can be repeated
    ///
    /// Each ServiceEntry is an alias for each of its hosts. Changes are noticed. Give the shim the
    /// same files, and the two agree on every address.
    #[arg(
        short = 'f',
        long = "manifests",
        value_name = "FILE|DIR",
        required = true
    )]
    pub manifests: Vec<PathBuf>,

    /// Where questions are taken, over UDP and TCP; can be repeated
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:53")]
    pub listen: Vec<SocketAddr>,

    /// How the shim of these aliases is reached; decides the range of computed virtual IPs
    #[arg(long, value_enum, default_value = "vip")]
    pub mode: Mode,

    /// Range that is redirected to the shim, as given to `eastwest-shim capture lay`; can be repeated
    ///
    /// In mode redirect an alias with an address outside of all ranges is not answered: connections
    /// to it would leave the pod in clear.
    #[arg(
        long = "range",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        default_values_t = REDIRECTED
    )]
    pub ranges: Vec<IpNet>,

    /// Domain of the cluster's services
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: Hostname,

    /// How long clients may keep what they were told about an alias
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub ttl: HumanDuration,

    /// Search domain that clients may put behind an alias; can be repeated
    ///
    /// Those of every pod (NAMESPACE.svc.DOMAIN, svc.DOMAIN, DOMAIN) and those of --resolv-conf are
    /// known already. An alias with a search domain behind it is answered like the alias, which
    /// ends a look-up with ndots:5 at its first question.
    #[arg(long = "search-domain", value_name = "DOMAIN")]
    pub search_domains: Vec<Domain>,

    /// Name servers for all other names
    #[command(flatten)]
    pub forwarding: ForwardingArgs,

    /// Process settings
    #[command(flatten)]
    pub daemon: DaemonArgs,
}

/// Where other names go.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "All other names")]
pub struct ForwardingArgs {
    /// Name server to ask, tried in this order; can be repeated [default: those of --resolv-conf]
    ///
    /// Needed where apps find this resolver through the same /etc/resolv.conf: give the address of
    /// the Service kube-dns in namespace kube-system.
    #[arg(long = "upstream", value_name = "IP[:PORT]")]
    pub upstreams: Vec<NameServer>,

    /// The system's DNS configuration: name servers, search domains, option rotate
    #[arg(long, value_name = "FILE", default_value = crate::resolv_conf::PATH)]
    pub resolv_conf: PathBuf,

    /// Time for one name server to answer; all of them together have 4.5 s
    ///
    /// Then the client is told SERVFAIL. The C library waits 5 s before it asks again.
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    pub upstream_timeout: HumanDuration,

    /// How many questions may wait for a name server at a time; more are told SERVFAIL
    #[arg(long, value_name = "N", default_value = "512", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_forwards: u16,
}

/// How connections to virtual IPs reach the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The shim of each pod listens on them: loopback addresses, 127.64.0.0/10
    Vip,
    /// The same at a port of its own, which no name server tells
    Port,
    /// Redirect rules send them to the shim: 240.240.0.0/16
    Redirect,
}

impl From<Mode> for Capture {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Vip | Mode::Port => Self::Vip,
            Mode::Redirect => Self::Redirect,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  eastwest-resolver -f aliases.yaml --listen 127.0.0.1:53 --upstream 10.96.0.10
  eastwest-resolver -f /etc/eastwest/manifests --ttl 30s --log-format json
";

impl Settings for ResolverArgs {
    fn daemon(&self) -> &DaemonArgs {
        &self.daemon
    }

    /// It dials name servers and nobody else.
    fn reach(&self) -> Reach {
        let given = self.forwarding.upstreams.iter();
        let given = given.map(|server| server.address().port());
        Reach::new()
            .read_once(&self.forwarding.resolv_conf)
            .read_again(&self.manifests)
            .listens(self.daemon.endpoint_addresses())
            .listens(self.listen.iter().copied())
            .dials(given.chain([crate::resolv_conf::DNS_PORT]))
    }
}
