//! `eastwest doctor`: walks the way from an alias to its app, and says which hop is broken.
//!
//! - [`Fault`]: all that can be wrong, each with its sentence, its cluster and what to try next
//! - [`Step`]: the hops; one module each looks at one of them, or at a few that belong together
//! - `walk`, `way`: in which order, and what was seen
//! - `report`, `markdown`: for people, for programs, for docs/doctor.md

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use eastwest_daemon::{HumanDuration, NameServer};
use eastwest_mesh::virtual_ip::DEFAULT_PORT_OFFSET;
use eastwest_mesh::{Capture, Hostname, IpNet, Mesh, Options, Source};
use eastwest_resolver::resolv_conf::{self, ResolvConf};
use eastwest_shim::Mode;
use eastwest_shim::capture::{DEFAULT_RANGES, VirtualRange};
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::MinTls;

use crate::colours::Colours;
use crate::manifests::Manifests;
use crate::progress::Progress;

mod app;
mod capture;
mod certificate;
mod dns;
mod examine;
mod fault;
mod gateway;
mod look;
mod markdown;
mod mysql;
mod names;
mod pod;
mod report;
mod shim;
mod small_hello;
mod step;
mod view;
mod walk;
mod way;

pub use fault::{Fault, Place};
pub use step::Step;

use app::Manner;
use walk::Start;

/// A hop is broken.
const BROKEN: u8 = 1;
/// The flags are wrong, there is no such alias, or files can't be read. clap's own status, too.
const USAGE: u8 = 2;
/// Time between two walks of `--wait`.
const AGAIN: Duration = Duration::from_secs(1);

/// Says which hop is broken on the way from an alias to its app, in which cluster, and what to try
///
/// Walks the way as a connection of an app would go, from the manifests and this pod's certificate to the
/// far pod, and stops at the first broken hop. It changes nothing. An app that speaks HTTP is asked with
/// HEAD; MySQL is not connected to, as it counts whoever does not log in: the far shim says whether it
/// listens.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
docs/doctor.md has all that it can tell, by code.

Exit status: 0 every alias leads to its app, 1 a hop is broken, 2 wrong usage, an unknown alias or an
unreadable file.

Examples:
  eastwest doctor src-db-pxc-0 -f manifests/ --identity /certs
  eastwest doctor --all -f manifests/ --identity /certs -o json
  eastwest doctor --all -f manifests/ --identity /certs --wait 60s
  eastwest doctor --all -f manifests/ --identity ./certs --outside     # on a laptop")]
pub struct DoctorArgs {
    /// Aliases; the first label is enough where it is only one's
    #[arg(value_name = "ALIAS", required_unless_present_any = ["all", "markdown"])]
    aliases: Vec<String>,
    /// All aliases of the manifests
    #[arg(long, conflicts_with = "aliases")]
    all: bool,
    /// The manifests of this cluster, as the shim has them: a file or a folder; can be repeated
    #[arg(
        short = 'f',
        long = "manifests",
        value_name = "FILE|DIR|-",
        required_unless_present = "markdown"
    )]
    manifests: Vec<PathBuf>,
    /// Folder with the certificate, key and roots of the shim
    #[arg(long, value_name = "DIR", required_unless_present = "markdown")]
    identity: Option<PathBuf>,
    /// How connections reach the shim, as its flag of the name
    #[arg(long, value_enum, default_value = "vip")]
    mode: Mode,
    /// What is added to a port, as the shim's flag of the name (mode port)
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PORT_OFFSET)]
    port_offset: NonZeroU16,
    /// Range of virtual IPs, as the shim's flag of the name (mode redirect)
    #[arg(
        long = "range",
        value_name = "ADDRESS/PREFIX",
        value_delimiter = ',',
        default_values = DEFAULT_RANGES
    )]
    ranges: Vec<VirtualRange>,
    /// The clusters' DNS domain
    #[arg(long, default_value = "cluster.local", value_name = "DOMAIN")]
    cluster_domain: Hostname,
    /// Oldest TLS version, as the shim's flag of the name
    #[arg(long, value_name = "VERSION", default_value = "1.3")]
    tls_min: TlsMin,
    /// Name server to ask, for aliases and gateways [default: those of /etc/resolv.conf]
    #[arg(long, value_name = "IP[:PORT]")]
    dns: Option<NameServer>,
    /// The shim's --ready-address
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:15021")]
    ready: SocketAddr,
    /// Not in the pod: leave its shim, its DNS and its capture out
    #[arg(long)]
    outside: bool,
    /// Connect to MySQL, log in as this account and leave, which it counts nowhere
    ///
    /// The account has no password and needs no rights: CREATE USER doctor@'%'
    #[arg(long, value_name = "NAME")]
    mysql_user: Option<String>,
    /// Connect to MySQL and hear its greeting alone; it counts that in Aborted_connects
    #[arg(long, conflicts_with = "mysql_user")]
    greeting: bool,
    /// Walk again until all is well, for so long
    #[arg(long, value_name = "DURATION")]
    wait: Option<HumanDuration>,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Output,
    /// Print docs/doctor.md
    #[arg(long, hide = true)]
    markdown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A line for each hop
    Text,
    /// One object
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TlsMin {
    #[value(name = "1.3")]
    Tls13,
    #[value(name = "1.2")]
    Tls12,
}

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoctorError {
    #[error("{0}")]
    Manifests(#[from] crate::manifests::ManifestsError),
    #[error("{0}; --dns gives a name server by hand")]
    NameServers(String),
    #[error("there is no alias {alias} in the manifests{hint}")]
    NoAlias { alias: String, hint: String },
    #[error("{alias} may be {}: write it in full", .which.join(" or "))]
    Ambiguous { alias: String, which: Vec<String> },
    #[error("there is no alias in the manifests")]
    Nothing,
    #[error("a walk came to no end: {0}")]
    Walk(#[from] tokio::task::JoinError),
    #[error("--identity names the folder of the certificate")]
    NoIdentity,
}

/// Runs the command.
///
/// # Errors
/// When the outcome can't be printed, or the process can have no runtime.
pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    if args.markdown {
        out.write_all(markdown::all().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let begun = Instant::now();
    let wait = args.wait.map_or(Duration::ZERO, HumanDuration::get);
    let progress = Progress::of("walking the routes");
    let examined = loop {
        // Read anew each time: the files may be what is being mended.
        match runtime.block_on(examine::all(args, &progress)) {
            Ok(all) => {
                let healthy = all.iter().all(report::Examined::is_healthy);
                if healthy || begun.elapsed() + AGAIN > wait {
                    break all;
                }
                progress.now(report::waiting(&all));
            }
            Err(error) => {
                drop(progress);
                writeln!(io::stderr(), "eastwest doctor: {error}")?;
                return Ok(ExitCode::from(USAGE));
            }
        }
        std::thread::sleep(AGAIN);
    };
    drop(progress);
    match args.output {
        Output::Text => report::text(&mut out, &examined, Colours::of_stdout())?,
        Output::Json => report::json(&mut out, &examined)?,
    }
    let healthy = examined.iter().all(report::Examined::is_healthy);
    Ok(match healthy {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(BROKEN),
    })
}

impl DoctorArgs {
    /// What the shim makes of the files.
    fn mesh(&self) -> Result<Mesh, DoctorError> {
        let manifests = Manifests::read(&self.manifests, true)?;
        let sources: Vec<Source> = manifests.files().cloned().collect();
        let options = Options {
            cluster_domain: self.cluster_domain.clone(),
            capture: match self.mode {
                Mode::Vip => Capture::Vip,
                Mode::Port => Capture::Port(self.port_offset),
                Mode::Service => Capture::Service,
                Mode::Redirect => Capture::Redirect,
            },
        };
        let ranges: Vec<IpNet> = self.ranges.iter().map(|range| range.network()).collect();
        Ok(eastwest_mesh::load_redirected(&sources, &options, &ranges))
    }

    fn start(&self) -> Result<Start, DoctorError> {
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
            mode: self.mode,
            outside: self.outside,
            identity: self.identity.clone().ok_or(DoctorError::NoIdentity)?,
            ready: self.ready,
            servers,
            names: names.map_err(|error| DoctorError::NameServers(error.to_string()))?,
            min_tls: match self.tls_min {
                TlsMin::Tls13 => MinTls::Tls13,
                TlsMin::Tls12 => MinTls::Tls12,
            },
            manner: match &self.mysql_user {
                Some(user) => Manner::LogIn(user.clone()),
                None if self.greeting => Manner::Greeting,
                None => Manner::Unheard,
            },
        })
    }
}
