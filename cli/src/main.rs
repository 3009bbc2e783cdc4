//! The `eastwest` tool: see `eastwest --help`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use eastwest::about::{self, AboutCommand};
use eastwest::bench::{self, BenchArgs};
use eastwest::certs::{self, CertsArgs};
use eastwest::clusters::app::{self, AppCommand};
use eastwest::convert::{self, ConvertArgs};
use eastwest::demo::{self, DemoArgs};
use eastwest::doctor::{self, DoctorArgs};
use eastwest::explain::{self, ExplainArgs};
use eastwest::leftovers::{self, LeftoversCommand};
use eastwest::lint::{self, LintArgs};
use eastwest::logs::{self, LogsArgs};
use eastwest::render::{self, RenderArgs};
use eastwest::stage::{self, StageCommand};
use eastwest::status::{self, ConnsArgs, DrainArgs, RoutesArgs, StatusArgs};
use eastwest::wait::{self, WaitArgs};

/// The gateway's, which is in this program as well.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What a shell reports of a program that has ended by SIGPIPE: 128 and the signal's number.
const BY_SIGPIPE: u8 = 141;

/// mTLS between clusters without Envoy: for people who replicate databases
///
/// The three servers are programs of their own (eastwest-gateway, eastwest-resolver, eastwest-shim);
/// this program has them too, beside the tools.
#[derive(Parser)]
#[command(name = "eastwest", version, long_version = eastwest_daemon::Build::LINE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show it: two clusters on this machine, from a DNS name to a pod, mTLS all the way
    Demo(DemoArgs),
    /// Make certificates: a shared root, a CA for each cluster, workloads; or show a running server's
    Certs(CertsArgs),
    /// Find what is wrong with Istio manifests, before they are applied
    Lint(LintArgs),
    /// Say what a code of `lint`, or of a server's log, means
    Explain(ExplainArgs),
    /// Turn Istio manifests into HAProxy's, nginx's or TLSRoutes, and a list of aliases into manifests
    Convert(ConvertArgs),
    /// Say which hop is broken on the way from an alias to its app, and in which cluster
    Doctor(Box<DoctorArgs>),
    /// Measure what the path carries on this hardware: streams, connections, latency, replication
    Bench(Box<BenchArgs>),
    /// Write what a capture mode needs in Kubernetes, from ServiceEntries
    Render(RenderArgs),
    /// Read the logs of gateways and shims: one line for each connection
    Logs(LogsArgs),
    /// Say how a running server does
    Status(StatusArgs),
    /// List a running server's routes, and why each is as it is
    Routes(RoutesArgs),
    /// List a running server's connections, those of now or the last ones
    Conns(ConnsArgs),
    /// Wait until a server is ready
    Wait(WaitArgs),
    /// Have a running server end, as on SIGTERM
    Drain(DrainArgs),
    /// Run the gateway, as eastwest-gateway does
    Gateway(Rest),
    /// Run the resolver, as eastwest-resolver does
    Resolver(Rest),
    /// Run the sidecar shim, as eastwest-shim does
    Shim(Rest),
    #[command(flatten)]
    About(AboutCommand),
    #[command(flatten)]
    Stage(StageCommand),
    #[command(flatten)]
    App(AppCommand),
    #[command(flatten)]
    Leftovers(LeftoversCommand),
}

/// What belongs to the server, its `--help` included.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
struct Rest {
    /// The server's own flags; see its --help
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FLAGS"
    )]
    flags: Vec<OsString>,
}

impl Rest {
    fn argv(self, name: &str) -> impl Iterator<Item = OsString> {
        std::iter::once(OsString::from(name)).chain(self.flags)
    }
}

/// Starts no thread and no runtime by itself: the stage's subcommands need a process with one thread.
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Lint(args) => return lint::run(&args),
        Command::Convert(args) => return convert::run(&args),
        Command::Render(args) => return render::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Status(args) => status::status(&args),
        Command::Routes(args) => status::routes(&args),
        Command::Conns(args) => status::conns(&args),
        Command::Wait(args) => wait::run(&args),
        Command::Drain(args) => status::drain(&args),
        Command::Gateway(rest) => {
            return eastwest_gateway::main_with_probe(rest.argv("eastwest-gateway"));
        }
        Command::Resolver(rest) => return eastwest_resolver::main(rest.argv("eastwest-resolver")),
        Command::Shim(rest) => return eastwest_shim::main(rest.argv("eastwest-shim")),
        Command::About(command) => about::run(&command, Cli::command()),
        Command::Stage(command) => stage::run(&command),
        Command::App(command) => app::run(&command),
        Command::Leftovers(command) => leftovers::run(&command),
    };
    outcome.unwrap_or_else(|error| {
        // Whoever read what is printed, such as `head`, has enough: nobody is to be told.
        if let Some(io) = error.downcast_ref::<io::Error>()
            && io.kind() == io::ErrorKind::BrokenPipe
        {
            return ExitCode::from(BY_SIGPIPE);
        }
        let _ = writeln!(
            io::stderr(),
            "eastwest: {}",
            eastwest_daemon::in_full(&error)
        );
        ExitCode::FAILURE
    })
}
