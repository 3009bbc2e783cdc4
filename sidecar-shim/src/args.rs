//! The shim's command line.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use eastwest_daemon::{
    ConnectionArgs, DaemonArgs, HumanDuration, NameServer, Reach, Settings, listen_address,
};
use eastwest_mesh::Hostname;
use eastwest_mesh::virtual_ip::DEFAULT_PORT_OFFSET;

use crate::capture::{CaptureArgs, DEFAULT_RANGES, VirtualRange};
use crate::inbound::AllowRule;
use crate::outbound::Locality;

/// The sidecar of a pod: apps speak plain TCP, the network sees mutual TLS only
///
/// Outbound, a connection to an alias of the manifests leaves as mTLS to the gateway of the other
/// cluster, and the identity at the far end is checked before a byte of the app passes. Inbound,
/// callers are checked against a list, which is empty until you fill it, before the app is dialled.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "eastwest-shim",
    version,
    args_conflicts_with_subcommands = true,
    after_long_help = EXAMPLES
)]
pub struct ShimArgs {
    /// Something else than running the shim
    #[command(subcommand)]
    pub command: Option<ShimCommand>,

    /// Which files to use
    #[command(flatten)]
    pub files: FileArgs,

    /// What apps of this pod dial
    #[command(flatten)]
    pub outbound: OutboundArgs,

    /// Who calls this pod
    #[command(flatten)]
    pub inbound: InboundArgs,

    /// Connection settings
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Process settings
    #[command(flatten)]
    pub daemon: DaemonArgs,
}

/// What the program can do beside running the shim.
#[derive(Debug, Clone, Subcommand)]
pub enum ShimCommand {
    /// Lay, check or remove the redirect rules of mode `redirect`
    Capture(CaptureArgs),
}

/// The files that the shim reads, and reads again when they change.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Files")]
pub struct FileArgs {
    /// Istio manifests: a YAML file, or a folder of them; can be repeated
    ///
    /// ServiceEntry and DestinationRule make the aliases, AuthorizationPolicy the callers.
    #[arg(short = 'f', long = "manifests", value_name = "FILE|DIR")]
    pub manifests: Vec<PathBuf>,

    /// Folder with the pod's certificate, key and roots
    ///
    /// As written by Istio (cert-chain.pem, key.pem, root-cert.pem), cert-manager's
    /// csi-driver-spiffe (tls.crt, tls.key, ca.crt) or spiffe-helper (svid.pem, ...).
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cert", "key", "roots"])]
    pub identity: Option<PathBuf>,

    /// Certificate with its chain, PEM; instead of --identity
    #[arg(long, value_name = "FILE", requires_all = ["key", "roots"])]
    pub cert: Option<PathBuf>,

    /// Private key of --cert, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Root certificates that peers must lead to, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub roots: Option<PathBuf>,

    /// Domain of the clusters' services
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: Hostname,

    /// Oldest TLS version that is spoken; 1.2 only for old Envoy peers
    #[arg(long, value_name = "VERSION", value_enum, default_value = "1.3")]
    pub tls_min: TlsMin,

    /// Time for a TLS handshake
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub handshake_timeout: HumanDuration,
}

/// Outbound settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outbound: what apps of this pod dial")]
pub struct OutboundArgs {
    /// How an app's connection reaches the shim
    #[arg(long, value_enum, default_value = "vip")]
    pub mode: Mode,

    /// Port of a server of this pod, such as 3306 beside mysqld; can be repeated (mode vip)
    ///
    /// The server always gets it: the shim listens on it, at the aliases' addresses, only while the
    /// server does, at addresses of its own (mysqld: bind_address=POD_IP,127.0.0.1). Ports of --inbound
    /// are such ports, and one that is found taken on all addresses becomes one.
    #[arg(long = "own-port", value_name = "PORT", value_parser = port)]
    pub own_ports: Vec<NonZeroU16>,

    /// What is added to a port of an alias: 3306 of each is dialled at 13306 (mode port)
    ///
    /// A port that leads above 65535, or to another port of the same alias, is not served.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT_OFFSET, value_parser = port_offset)]
    pub port_offset: NonZeroU16,

    /// Address of this pod at which Services reach the aliases [default: all of them] (mode service)
    ///
    /// Whoever is on loopback is reset, unless this is a loopback address.
    #[arg(long, value_name = "IP")]
    pub service_address: Option<IpAddr>,

    /// Range that is redirected here, as given to `capture lay`; can be repeated (mode redirect)
    ///
    /// An alias with an address outside of all ranges is down: connections to it would leave the
    /// pod in clear.
    #[arg(
        long = "range",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        default_values = DEFAULT_RANGES
    )]
    pub ranges: Vec<VirtualRange>,

    /// Port to which the redirect rules send connections (mode redirect)
    #[arg(long, value_name = "PORT", default_value = "15001")]
    pub outbound_port: u16,

    /// Name server to ask for gateways; can be repeated [default: those of /etc/resolv.conf]
    #[arg(long = "name-server", value_name = "IP[:PORT]")]
    pub name_servers: Vec<NameServer>,

    /// Where this pod runs: gateways with the same `locality` in the ServiceEntry are tried first
    ///
    /// In Kubernetes the node's labels topology.kubernetes.io/region and .../zone have it.
    #[arg(long, value_name = "REGION[/ZONE[/SUBZONE]]")]
    pub locality: Option<Locality>,

    /// Answer the aliases here, in this process, instead of running eastwest-resolver; can be repeated
    ///
    /// 127.0.0.1:15053,[::1]:15053 is where `capture lay --dns` sends the pod's questions. Of several
    /// addresses an IPv6 one is left out where there is no IPv6.
    #[arg(long, value_name = "IP:PORT", value_delimiter = ',', value_parser = listen_address)]
    pub dns_listen: Vec<SocketAddr>,

    /// Where --dns-listen sends all other names; can be repeated [default: /etc/resolv.conf]
    #[arg(
        long = "dns-upstream",
        value_name = "IP[:PORT]",
        requires = "dns_listen"
    )]
    pub dns_upstreams: Vec<NameServer>,
}

/// Inbound settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Inbound: who calls this pod")]
pub struct InboundArgs {
    /// Port of this pod's app that callers may ask for; can be repeated. Without any, none come in
    #[arg(long = "inbound", value_name = "PORT", value_parser = port)]
    pub ports: Vec<NonZeroU16>,

    /// Where the gateway connects
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:15444", value_parser = listen_address)]
    pub inbound_listen: SocketAddr,

    /// Who may call, for all ports or for one: spiffe://cluster.local/ns/pxc/sa/*, 3306=spiffe://...
    ///
    /// Can be repeated; AuthorizationPolicies of the manifests add to it. A policy with action DENY
    /// outweighs both. While a part of the manifests that may be one cannot be read, the list from
    /// before stays in force; at the start nobody may call.
    #[arg(long, value_name = "[PORT=]SPIFFE-ID")]
    pub allow: Vec<AllowRule>,

    /// Label of this pod, for the selectors of AuthorizationPolicies: app=pxc; can be repeated
    ///
    /// Without any, policies with a selector let nobody in, and each DENY is taken to be about this
    /// pod.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,

    /// Name of this pod [default: the host's name, which is the pod's in Kubernetes]
    ///
    /// Connections for another pod of the same StatefulSet are refused: whoever sends them believes
    /// that it is at this address.
    #[arg(long, value_name = "NAME")]
    pub pod_name: Option<String>,

    /// Where the app is [default: the pod's own address, the one that the caller reached]
    ///
    /// With 127.0.0.1 every caller looks local to the app, and MySQL accounts for localhost are
    /// open to the other cluster.
    #[arg(long, value_name = "IP")]
    pub app_address: Option<IpAddr>,
}

/// How an app's connection reaches the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Each alias has a loopback address that the shim listens on: no privilege, any pod that does
    /// not itself own the port
    Vip,
    /// The same at a port that is 10000 higher, in a pod whose server owns the port on all addresses:
    /// apps dial ALIAS:13306 for 3306
    Port,
    /// Redirect rules send virtual IPs to the shim; see `eastwest-shim capture`
    Redirect,
    /// Services named as the aliases lead to ports of this pod, an egress of others: nothing is needed
    /// in their pods, and the way from them to here is in clear
    Service,
}

/// Oldest TLS version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsMin {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}

fn port(text: &str) -> Result<NonZeroU16, String> {
    let port = text.parse();
    port.map_err(|_| "a port is a number from 1 to 65535".to_owned())
}

fn port_offset(text: &str) -> Result<NonZeroU16, String> {
    let offset = text.parse();
    offset.map_err(|_| "what is added to a port is a number from 1 to 65535".to_owned())
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a label is KEY=VALUE, such as app=pxc".to_owned()),
    }
}

const EXAMPLES: &str = "\
Examples:
  eastwest-shim -f aliases/ --identity /var/run/secrets/workload-spiffe-credentials
  eastwest-shim --identity certs/ --inbound 3306 --allow 'spiffe://cluster.local/ns/pxc/sa/*'
  eastwest-shim capture lay && eastwest-shim -f aliases/ --identity certs/ --mode redirect
  eastwest-shim -f aliases/ --identity certs/ --mode port --dns-listen 127.0.0.1:53
  eastwest-shim -f aliases/ --identity certs/ --mode service
";

impl Settings for ShimArgs {
    fn daemon(&self) -> &DaemonArgs {
        &self.daemon
    }

    /// Which ports it dials, and but for mode `redirect` listens on, is up to the manifests, which may change.
    fn reach(&self) -> Reach {
        let files = &self.files;
        let certificate = [&files.identity, &files.cert, &files.key, &files.roots];
        let reach = Reach::new()
            .read_once("/etc/resolv.conf")
            .read_once("/etc/hosts")
            .read_again(&files.manifests)
            .read_again(certificate.into_iter().flatten());
        match self.outbound.mode {
            Mode::Vip | Mode::Port | Mode::Service => reach,
            Mode::Redirect => {
                let redirected = SocketAddr::from(([127, 0, 0, 1], self.outbound.outbound_port));
                reach
                    .listens(self.daemon.endpoint_addresses())
                    .listens([self.inbound.inbound_listen, redirected])
                    .listens(self.outbound.dns_listen.iter().copied())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shim_knows_the_ranges_that_are_laid_by_default_and_those_that_are_given() {
        let ranges = |argv: &[&str]| {
            let args = ShimArgs::parse_from(argv);
            let ranges = args.outbound.ranges.iter().map(|range| range.network());
            ranges.collect::<Vec<_>>()
        };
        assert_eq!(ranges(&["shim"]), eastwest_mesh::virtual_ip::REDIRECTED);
        let given = ranges(&["shim", "--range", "10.9.0.0/16,10.8.0.0/16"]);
        assert_eq!(given.len(), 2);
    }

    #[test]
    fn what_is_added_to_a_port_is_ten_thousand_or_what_is_given() {
        let offset =
            |argv: &[&str]| ShimArgs::try_parse_from(argv).map(|a| a.outbound.port_offset.get());
        assert_eq!(offset(&["shim", "--mode", "port"]).unwrap(), 10_000);
        assert_eq!(offset(&["shim", "--port-offset", "1"]).unwrap(), 1);
        let refused = offset(&["shim", "--port-offset", "0"])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("a number from 1 to 65535"), "{refused}");
    }
}
