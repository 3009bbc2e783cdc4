//! The shim's command line.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use eastwest_daemon::{ConnectionArgs, DaemonArgs, HumanDuration, Reach, Settings, listen_address};
use eastwest_mesh::Hostname;

use crate::capture::CaptureArgs;
use crate::inbound::AllowRule;

mod outbound;

pub use outbound::Mode;
pub(crate) use outbound::{OutboundArgs, OwnPort};

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
    /// Where the files are not in it yet, or the certificate is out of its time, the shim answers names,
    /// is not ready, refuses connections, and takes the certificate as soon as it is there.
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
