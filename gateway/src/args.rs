//! The gateway's command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use eastwest_daemon::{
    ConnectionArgs, DaemonArgs, HumanDuration, NameServer, Reach, Settings, listen_address,
};
use eastwest_mesh::{Hostname, SpiffePattern};

use crate::handover::Place;

/// Routes TLS between clusters by the server name (SNI), without decrypting it
///
/// Reads the SNI of each connection's ClientHello, looks up the pod that it names, dials it and
/// passes all bytes on. What may be reached is what the Gateway manifests list in `hosts`; the
/// process holds no key and no certificate, unless --probe-identity gives it one to be asked by.
#[derive(Debug, Clone, Parser)]
#[command(name = "eastwest-gateway", version, after_long_help = EXAMPLES)]
pub struct GatewayArgs {
    /// Istio manifests: a YAML file, or a folder of them; can be repeated
    ///
    /// Gateway says what is exported; ServiceEntry and DestinationRule of this cluster say which pod
    /// an alias means and which port to dial where the convention does not. Changes are noticed.
    #[arg(
        short = 'f',
        long = "manifests",
        value_name = "FILE|DIR",
        required = true
    )]
    pub manifests: Vec<PathBuf>,

    /// Where other clusters connect
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:15443", value_parser = listen_address)]
    pub listen: SocketAddr,

    /// Domain of this cluster's services; nothing outside it is ever dialled
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: Hostname,

    /// Name server to ask for pods; can be repeated [default: those of /etc/resolv.conf]
    #[arg(long = "name-server", value_name = "IP[:PORT]")]
    pub name_servers: Vec<NameServer>,

    /// Time for a client to send its whole ClientHello
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub hello_timeout: HumanDuration,

    /// Unix socket at which a gateway is succeeded by a new one without cutting a connection; a path,
    /// or @NAME
    ///
    /// If a gateway of the same user listens there, this one takes over its sockets and its live
    /// connections, and the other ends. If not, this one listens there until it is succeeded itself.
    /// Both need the same flag, and the same --listen: there is no handover otherwise, unless a service manager
    /// has opened that socket, which is used wherever it listens, whatever --listen says. Nor is there one where
    /// more connections are open than the new one may have (--max-connections, open files). The addresses of
    /// the process are taken over where they are the same. Whoever may connect there as this user, or as root, can have every connection: a
    /// path is as private as its folder, @NAME is open to the whole network namespace, and a container
    /// whose root is mapped to another user counts as that user.
    #[arg(long, value_name = "PATH|@NAME")]
    pub(crate) handover: Option<Place>,

    /// Folder with a certificate, key and roots, by which `eastwest doctor` is told what this gateway sees
    ///
    /// Whoever proves an identity of --probe-allow may ask whether a server name is exported, which
    /// addresses its pod has, and whether that can be dialled. Without it this process holds no key. Of
    /// `eastwest gateway`: the program eastwest-gateway has no TLS of its own, and refuses it.
    #[arg(long, value_name = "DIR", requires = "probe_allow")]
    pub probe_identity: Option<PathBuf>,

    /// Who may ask that: spiffe://cluster.local/ns/pxc/sa/*; can be repeated
    #[arg(long, value_name = "SPIFFE-ID", requires = "probe_identity")]
    pub probe_allow: Vec<SpiffePattern>,

    /// Connection settings
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Process settings
    #[command(flatten)]
    pub daemon: DaemonArgs,
}

const EXAMPLES: &str = "\
Examples:
  eastwest-gateway -f gateway.yaml
  eastwest-gateway -f /etc/eastwest/manifests --listen [::]:15443 --log-format json
  EASTWEST_MANIFESTS=exports/ eastwest-gateway
  eastwest-gateway -f exports/ --handover /run/eastwest/gateway.sock   # again: takes over

Exit status of one that finds another gateway at --handover and is not to follow it:
  75   not now: that one hands over to a third, ends itself, or stands still; another
       try may succeed
  78   not so: another --listen, fewer connections allowed than are open there, manifests
       that a reload would refuse, another version, another user's process, no gateway
";

impl Settings for GatewayArgs {
    fn daemon(&self) -> &DaemonArgs {
        &self.daemon
    }

    /// Which ports it dials is up to the manifests, which may change.
    fn reach(&self) -> Reach {
        let handover = self.handover.as_ref().and_then(Place::path);
        let reach = handover.map_or_else(Reach::new, |path| Reach::new().socket(&path));
        reach
            .read_once("/etc/resolv.conf")
            .read_once("/etc/hosts")
            .read_again(&self.manifests)
            .read_again(&self.probe_identity)
            .listens(self.daemon.endpoint_addresses())
            .listens([self.listen])
    }
}
