//! The gateway: routes TLS between clusters by the server name, without decrypting it.
//!
//! - `args`: the command line
//! - `exports`: the manifests that say what may be reached, read again when they change
//! - `connection`: what one connection needs: ClientHello, route, pod
//! - `route`: where a server name goes, and what it is counted under
//! - `late`: how many may wait for a pod that is silent
//! - `probe`: what `eastwest doctor` is told, where it may ask
//! - `refusal`: why a connection is not carried, and what the client is told
//! - `serve`: accepting, and the life of each connection
//! - `handover`: hot restart: one process goes on with what another has

mod args;
mod connection;
mod exports;
mod handover;
mod late;
mod probe;
mod refusal;
mod route;
mod serve;
mod status;

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use eastwest_daemon::{Bound, Context, Direction, Timings, Unprepared};
use eastwest_manifests::Manifests;
use eastwest_transport::admission::Admission;
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::limits::{Ledger, Limits};
use eastwest_transport::listener::{BindError, Listener};
use eastwest_transport::relay::Patience;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::socket::SocketOptions;
use tokio::sync::watch;

pub use args::GatewayArgs;
use connection::Dialling;
use handover::{Cohorts, Succession};
use late::LateDials;
use probe::{Answers, Asked};
use serve::Gateway;

/// Its command line.
#[must_use]
pub fn command() -> clap::Command {
    eastwest_daemon::command::<GatewayArgs>()
}

/// Runs the gateway from its command line to its end. It has no TLS of its own.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_by(argv, probe::nowhere)
}

/// The same with TLS for those who may ask what it sees of a route (`--probe-identity`).
pub fn main_with_probe(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_by(argv, probe::here)
}

fn run_by(
    argv: impl IntoIterator<Item = OsString>,
    asked: impl FnOnce(&GatewayArgs) -> Asked,
) -> ExitCode {
    let configure = |args| Config::new(args, asked);
    eastwest_daemon::main_prepared(argv, configure, Config::prepare, run).into()
}

/// What a gateway runs with: arguments that have been checked, and manifests that have been read.
#[derive(Debug)]
pub struct Config {
    args: GatewayArgs,
    manifests: Manifests,
    prober: Option<Box<dyn Answers>>,
    succession: Option<Succession>,
}

impl Config {
    /// Reads the manifests.
    ///
    /// # Errors
    /// When a file cannot be read, the certificate for probes is of no use, or gateways cannot meet where they
    /// are to. What is wrong inside a manifest is logged, and does not stop the rest.
    fn new(args: GatewayArgs, asked: impl FnOnce(&GatewayArgs) -> Asked) -> anyhow::Result<Self> {
        if let Some(place) = &args.handover {
            place.check()?;
        }
        let prober = asked(&args)?;
        let manifests = exports::read(&args)?;
        Ok(Self {
            args,
            manifests,
            prober,
            succession: None,
        })
    }

    /// Finds the gateway that is to be succeeded, and takes over its listening sockets.
    ///
    /// # Errors
    /// When there is one, and it does not give way, listens elsewhere, has more connections than this
    /// one may have, or the manifests are none to follow its own.
    fn prepare(&mut self, context: &Context) -> Result<(), Unprepared> {
        if let Some(place) = &self.args.handover {
            let fit = || exports::fit_to_succeed(self.manifests.mesh());
            self.succession = Some(Succession::open(
                place.clone(),
                self.args.listen,
                limits(&self.args).total,
                context,
                fit,
            )?);
            context.listeners.keep_for_successor();
        }
        Ok(())
    }
}

/// How many connections there may be, which depends on the limit of open files as it is now.
fn limits(args: &GatewayArgs) -> Limits {
    let given = &args.connection;
    Limits::new(
        given.max_connections,
        given.max_connections_per_source,
        given.max_connections_per_route,
    )
}

/// Binds the gateway and serves until the process ends.
///
/// # Errors
/// When the address cannot be listened on, or there is no name server.
pub async fn run(config: Config, context: Context) -> anyhow::Result<Bound> {
    let Config {
        args,
        manifests,
        prober,
        succession,
    } = config;
    handover::describe();
    let times = &args.connection;
    let sockets =
        SocketOptions::with_keepalive(times.keepalive.get(), times.keepalive_interval.get());
    let names = match args.name_servers.as_slice() {
        [] => NameServers::of_system(),
        given => NameServers::at(
            &given
                .iter()
                .map(|server| server.address())
                .collect::<Vec<_>>(),
        ),
    };
    let admission = Admission::standard();
    let gateway = Arc::new(Gateway {
        exports: ArcSwap::from_pointee(manifests.mesh().exports.clone()),
        prober,
        dialling: Dialling {
            pods: NamedDialer::new(
                names.context("--name-server gives them by hand")?,
                sockets.at_first(),
            ),
            late: LateDials::of(admission.places()),
            hello_timeout: args.hello_timeout.get(),
            connect_timeout: times.connect_timeout.get(),
            timings: Timings::of(Direction::Passthrough),
        },
        patience: Patience::new(times.half_close_timeout.get(), &sockets).tuning_later(sockets),
        ledger: Ledger::new(limits(&args)),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
        cohorts: Cohorts::new(context.shutdown.aborted_token()),
        held: watch::Sender::new(false),
        accepting: watch::Sender::new(false),
    });
    let (listener, giver) = match context.listeners.take(handover::GATEWAY, args.listen) {
        Some((socket, giver)) => (Listener::of_first_bytes(socket, sockets)?, Some(giver)),
        None => {
            let bind = || Listener::bind_for_first_bytes(args.listen, sockets);
            let listener = context.ports.once_free(bind, BindError::is_in_use).await;
            let with_flag = |error| anyhow::anyhow!("{error}; --listen gives another address");
            (listener.map_err(with_flag)?, None)
        }
    };
    let bound = Bound::new().with("gateway", listener.local_addr()?);
    status::tell(&context.status, &gateway, listener.local_addr()?);
    manifests.tell(&context.status);
    let readiness = context.readiness.clone();
    tokio::spawn(readiness.follow("gateway", listener.starving()));
    if let Some(succession) = succession {
        let socket = listener.as_fd().try_clone_to_owned()?.into();
        context.listeners.keep(handover::GATEWAY, &socket, giver);
        tokio::spawn(succession.run(Arc::clone(&gateway), context.clone()));
    }
    tokio::spawn(probe::keep_fresh(Arc::clone(&gateway)));
    tokio::spawn(exports::follow(manifests, Arc::clone(&gateway), context));
    tokio::spawn(gateway.serve_all(listener, admission));
    Ok(bound)
}
