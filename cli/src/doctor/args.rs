//! The command line, and what it means.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use eastwest_daemon::{AddressError, EndpointAddress, HumanDuration, NameServer};
use eastwest_mesh::virtual_ip::{DEFAULT_PORT_OFFSET, REDIRECTED};
use eastwest_mesh::{Capture, Hostname, IpNet, Mesh, Options, Source};
use eastwest_resolver::resolv_conf::{self, ResolvConf};
use eastwest_shim::Mode;
use eastwest_shim::capture::VirtualRange;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::{IdentityFiles, MinTls};

use super::app::Manner;
use super::error::DoctorError;
use super::names::Names;
use super::own_files::OwnFiles;
use super::shim::Shim;
use super::walk::Start;
use crate::manifests::Manifests;

/// The clusters' domain, unless another is given: Kubernetes' own.
const DOMAIN: &str = "cluster.local";
/// Where a shim answers unless it is told otherwise (`daemon/src/args.rs`).
const READY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 15021);
const ADMIN: &str = "127.0.0.1:15000";

/// Says which hop is broken on the way from an alias to its app, in which cluster, and what to try
///
/// Walks the way as a connection of an app would go, from the manifests and this pod's certificate to the
/// far pod, and stops at the first broken hop. It changes nothing. An app that speaks HTTP is asked with
/// HEAD; MySQL is not connected to, as it counts whoever does not log in: the far shim says whether it
/// listens.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
docs/doctor.md has all that it can tell, by code.

Exit status: 0 every alias leads to its app, as far as could be looked at, 1 a hop is broken, 2 wrong usage,
an unknown alias or an unreadable file.

Examples:
  eastwest doctor src-db-pxc-0                      # in the pod, with the shim's own flags
  eastwest doctor --all -o json
  eastwest doctor --all --wait 60s
  eastwest doctor --all -f manifests/ --identity /certs --mode redirect
  eastwest doctor --all -f manifests/ --outside     # on a laptop, with --identity where there is one")]
pub struct DoctorArgs {
    /// Aliases; the first label is enough where it is only one's, and :PORT is for one port of several
    #[arg(value_name = "ALIAS[:PORT]")]
    pub(super) aliases: Vec<String>,
    /// All aliases of the manifests
    #[arg(long, conflicts_with = "aliases")]
    pub(super) all: bool,
    /// The manifests of this cluster, as the shim has them: a file or a folder; can be repeated
    ///
    /// What is not given here, nor any of the next nine, nor --ready, is as the shim of this pod says at --admin
    /// or, where it tells nothing, as the variables for its flags say (EASTWEST_MANIFESTS, EASTWEST_IDENTITY, ...).
    /// With --outside neither is asked: -f has to be given.
    #[arg(short = 'f', long = "manifests", value_name = "FILE|DIR|-")]
    pub(super) manifests: Vec<PathBuf>,
    /// Folder with the certificate, key and roots of the shim
    ///
    /// With --outside it may be left out: the way is walked as far as the pod, which is not judged.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["cert", "key", "roots"])]
    pub(super) identity: Option<PathBuf>,
    /// The shim's certificate, where it is not in a folder, as its flag of the name
    #[arg(long, value_name = "FILE", requires_all = ["key", "roots"])]
    pub(super) cert: Option<PathBuf>,
    /// Private key of --cert
    #[arg(long, value_name = "FILE", requires_all = ["cert", "roots"])]
    pub(super) key: Option<PathBuf>,
    /// Root certificates beside --cert
    #[arg(long, value_name = "FILE", requires_all = ["cert", "key"])]
    pub(super) roots: Option<PathBuf>,
    /// How connections reach the shim, as its flag of the name [default: vip]
    #[arg(long, value_enum)]
    pub(super) mode: Option<Mode>,
    /// What is added to a port, as the shim's flag of the name (mode port) [default: 10000]
    #[arg(long, value_name = "N")]
    pub(super) port_offset: Option<NonZeroU16>,
    /// Range of virtual IPs, as the shim's flag of the name (mode redirect) [default: 240.240.0.0/16,fd24:240::/32]
    #[arg(long = "range", value_name = "ADDRESS/PREFIX", value_delimiter = ',')]
    pub(super) ranges: Vec<VirtualRange>,
    /// The clusters' DNS domain [default: cluster.local]
    #[arg(long, value_name = "DOMAIN")]
    pub(super) cluster_domain: Option<Hostname>,
    /// Oldest TLS version, as the shim's flag of the name [default: 1.3]
    #[arg(long, value_name = "VERSION")]
    pub(super) tls_min: Option<TlsMin>,
    /// Name server to ask, for aliases and gateways [default: those of /etc/resolv.conf]
    #[arg(long, value_name = "IP[:PORT]")]
    pub(super) dns: Option<NameServer>,
    /// The shim's --ready-address [default: 127.0.0.1:15021]
    #[arg(long, value_name = "ADDR|off")]
    pub(super) ready: Option<EndpointAddress>,
    /// The shim's --admin-address, which tells its flags
    #[arg(
        long,
        value_name = "ADDR|off",
        env = "EASTWEST_ADMIN_ADDRESS",
        default_value = ADMIN,
        value_parser = admin
    )]
    pub(super) admin: EndpointAddress,
    /// Not in the pod: leave its shim, its DNS and its capture out
    #[arg(long)]
    pub(super) outside: bool,
    /// Connect to MySQL, log in as this account and leave, which it counts nowhere
    ///
    /// The account has no password and needs no rights: CREATE USER doctor@'%'
    #[arg(long, value_name = "NAME")]
    pub(super) mysql_user: Option<String>,
    /// Connect to MySQL and hear its greeting alone; it counts that in Aborted_connects
    #[arg(long, conflicts_with = "mysql_user")]
    pub(super) greeting: bool,
    /// Walk again until all is well, for so long
    #[arg(long, value_name = "DURATION")]
    pub(super) wait: Option<HumanDuration>,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Output,
    /// Print docs/doctor.md
    #[arg(long, hide = true)]
    pub(super) markdown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// A line for each hop
    Text,
    /// One object
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TlsMin {
    #[value(name = "1.3")]
    Tls13,
    #[value(name = "1.2")]
    Tls12,
}

/// An empty variable counts as not set, as for the servers.
fn admin(text: &str) -> Result<EndpointAddress, AddressError> {
    match text {
        "" => ADMIN.parse(),
        text => text.parse(),
    }
}

impl DoctorArgs {
    /// Where the shim says whether it is ready.
    pub(super) fn ready(&self) -> EndpointAddress {
        self.ready.unwrap_or(EndpointAddress::At(READY))
    }

    /// Where our certificate is, as far as it is known.
    pub(super) fn certificate(&self) -> Option<OwnFiles> {
        match (&self.identity, &self.cert, &self.key, &self.roots) {
            (Some(folder), ..) => Some(OwnFiles::Folder(folder.clone())),
            (None, Some(cert), Some(key), Some(roots)) => Some(OwnFiles::Each(IdentityFiles {
                cert: cert.clone(),
                key: key.clone(),
                roots: roots.clone(),
            })),
            _ => None,
        }
    }

    /// The names that commands to try have of these flags.
    pub(super) fn name(&self, names: Names) -> Names {
        let files = self.manifests.iter().map(|path| path.display().to_string());
        let files: Vec<_> = files.collect();
        names
            .with_certificate(self.certificate().as_ref())
            .with("files", files.join(" "))
            .with("ready", self.ready())
            .with("admin", self.admin)
    }

    fn domain(&self) -> Result<Hostname, DoctorError> {
        Ok(match &self.cluster_domain {
            Some(domain) => domain.clone(),
            None => DOMAIN.parse()?,
        })
    }

    fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Vip)
    }

    /// What the shim makes of the files.
    pub(super) fn mesh(&self) -> Result<Mesh, DoctorError> {
        let manifests = Manifests::read(&self.manifests, true)?;
        let sources: Vec<Source> = manifests.files().cloned().collect();
        let options = Options {
            cluster_domain: self.domain()?,
            capture: match self.mode() {
                Mode::Vip => Capture::Vip,
                Mode::Port => Capture::Port(self.port_offset.unwrap_or(DEFAULT_PORT_OFFSET)),
                Mode::Service => Capture::Service,
                Mode::Redirect => Capture::Redirect,
            },
        };
        let ranges: Vec<IpNet> = match self.ranges.as_slice() {
            [] => REDIRECTED.to_vec(),
            given => given.iter().map(|range| range.network()).collect(),
        };
        Ok(eastwest_mesh::load_redirected(&sources, &options, &ranges))
    }

    pub(super) fn start(&self) -> Result<Start, DoctorError> {
        let servers = match self.dns {
            Some(server) => vec![server.address()],
            None => {
                ResolvConf::read(Path::new(resolv_conf::PATH))
                    .map_err(|error| DoctorError::NameServers(error.to_string()))?
                    .nameservers
            }
        };
        let names = match self.dns {
            Some(_) => NameServers::at(&servers),
            None => NameServers::of_system(),
        };
        Ok(Start {
            mode: self.mode(),
            outside: self.outside,
            domain: self.domain()?,
            identity: self.certificate(),
            shim: Shim::at(self.ready()),
            admin: self.admin,
            servers,
            names: names.map_err(|error| DoctorError::NameServers(error.to_string()))?,
            min_tls: match self.tls_min {
                None | Some(TlsMin::Tls13) => MinTls::Tls13,
                Some(TlsMin::Tls12) => MinTls::Tls12,
            },
            manner: match &self.mysql_user {
                Some(user) => Manner::LogIn(user.clone()),
                None if self.greeting => Manner::Greeting,
                None => Manner::Unheard,
            },
        })
    }
}
