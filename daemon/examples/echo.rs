//! The smallest server there can be: gives back what it gets. The tests run it as a real process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use eastwest_daemon::{
    Bound, ConnectionInfo, ConnectionState, Context, DaemonArgs, Direction, Reach, Settings,
};
use tokio::net::{TcpListener, TcpStream};

/// Gives every byte back
#[derive(Debug, Parser)]
#[command(
    name = "echo",
    version,
    after_long_help = "Examples:\n  echo --listen 127.0.0.1:7777"
)]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[command(flatten)]
    daemon: DaemonArgs,
}

impl Settings for Args {
    fn daemon(&self) -> &DaemonArgs {
        &self.daemon
    }

    fn reach(&self) -> Reach {
        Reach::new()
            .listens(self.daemon.endpoint_addresses())
            .listens([self.listen])
    }
}

struct Config {
    listen: SocketAddr,
}

fn configure(args: Args) -> anyhow::Result<Config> {
    anyhow::ensure!(
        args.listen.ip().is_loopback(),
        "--listen {}: loopback only",
        args.listen
    );
    Ok(Config {
        listen: args.listen,
    })
}

async fn run(config: Config, context: Context) -> anyhow::Result<Bound> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| eastwest_daemon::BindError::new(config.listen, "--listen", source))?;
    let bound = Bound::new().with("echo", listener.local_addr()?);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = context.shutdown.stop_accepting() => return,
            };
            let Ok((stream, peer)) = accepted else {
                continue;
            };
            context.shutdown.spawn(echo(stream, peer, context.clone()));
        }
    });
    Ok(bound)
}

async fn echo(mut stream: TcpStream, peer: SocketAddr, context: Context) {
    let info = ConnectionInfo {
        direction: Direction::Inbound,
        peer,
        bytes: Arc::default(),
    };
    let row = context.connections.open(info);
    row.set_state(ConnectionState::Relaying);
    let (mut from, mut to) = stream.split();
    tokio::select! {
        _ = tokio::io::copy(&mut from, &mut to) => {}
        () = context.shutdown.aborted() => {}
    }
}

fn main() -> ExitCode {
    eastwest_daemon::main(std::env::args_os(), configure, run).into()
}
