//! Whether a client still gets in while many others hold the gateway: idle connections, clients that say
//! nothing, clients that say one byte, and garbage, all at once; then how it fares while one address says one
//! byte on ever new connections, and while others keep the pod's shim busy with handshakes.
//!
//! Runs the demo's clusters on loopback addresses. The client is an app: each of its connections is a
//! new tunnel over the whole path.

mod besiegers;
mod client;
mod seen;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use eastwest::clusters::{Capture, Clusters, HELLO, Layout};
use eastwest::leftovers::clear_when_interrupted;

use besiegers::{Besieger, Held};
use client::{client_hello, requests, visits};
use seen::{Crowd, Gateway, Seen, Stage, What};

/// Hold a gateway with idle, silent and senseless connections and with ever new ones, and a shim with
/// handshakes, and see how a client fares
///
/// The status is 1 where one of the limits does not hold: 100 ms in the median for a new connection and for a
/// request at each stage; 2,500 bytes of the gateway for each idle connection, from 1,000 of them on; none of
/// them cut; and at the end at most 8 descriptors and 4 MiB more than before. So it is where nobody besieges:
/// no silent client was held, no garbage thrown, none of a flood came in, no handshake was answered.
#[derive(Debug, Parser)]
#[command(name = "siege", version)]
struct Args {
    /// Connections through the gateway that carry nothing
    #[arg(long, value_name = "N", default_value = "4000")]
    idle: usize,

    /// Clients that connect and say nothing
    #[arg(long, value_name = "N", default_value = "5000")]
    silent: usize,

    /// Clients that say one byte
    #[arg(long, value_name = "N", default_value = "2000")]
    stammering: usize,

    /// Connections that one other address has at a time, which says a byte on each and opens new ones as fast as it
    /// can
    #[arg(long, value_name = "N", default_value = "8000")]
    flood: usize,

    /// Handshakes with the pod's shim at a time, which are left when the shim has done its part
    #[arg(long, value_name = "N", default_value = "256")]
    handshakes: usize,

    /// Connections of the client at each stage, and requests on one that is there already
    #[arg(long, value_name = "N", default_value = "100")]
    visits: usize,
}

/// Of so many descriptors of a gateway one idle connection may be, if it is to hold under attack.
const LIVE: u64 = 4;
/// Where a pod's shim takes TLS.
const INBOUND: u16 = 15444;
/// Time for what has ended to be cleared away.
const SETTLE: Duration = Duration::from_secs(3);
/// Longer than any of the gateway's deadlines: what it still holds then, it has lost.
const AFTER: Duration = Duration::from_secs(15);

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let program = std::env::current_exe()?.with_file_name("eastwest");
    ensure!(
        program.exists(),
        "{} is missing: cargo build --release",
        program.display()
    );
    let descriptors = besiegers::raise_descriptors()?;
    let most = descriptors / LIVE;
    ensure!(
        args.idle as u64 <= most,
        "a gateway has two descriptors for each idle connection, and keeps half of all for those that are on \
         their way: with a limit of {descriptors} (`ulimit -Hn`) --idle can be {most} at most"
    );
    let _survived = clear_when_interrupted(&program)?;
    let mut clusters = Clusters::prepare(&program, Layout::Loopback)?;
    clusters.start_dns()?;
    clusters.start_cluster_a()?;
    clusters.start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)?;
    let pod = HELLO[0];
    let alias = clusters.visit("b-app", &pod.alias(), pod.port)?.address;
    let alias = SocketAddr::new(alias.context("the alias has no address")?, pod.port);
    let gateway = Layout::Loopback.gateway();
    let process = clusters.program("gateway")?.id();

    visits(alias, args.visits)?;
    let calm = visits(alias, args.visits)?;
    std::thread::sleep(SETTLE);
    let before = Gateway::of(process)?;
    let idle = besiegers::idle(alias, args.idle)?;
    std::thread::sleep(SETTLE);
    let held = Gateway::of(process)?;
    let silent = Held::connect(gateway, args.silent, b"")?;
    let stammering = Held::connect(gateway, args.stammering, &[besiegers::HANDSHAKE])?;
    let garbage = Besieger::with_garbage(gateway);
    let crowds = [&idle, &silent, &stammering];
    let begun = crowds.map(Held::count_alive);
    let besieged = visits(alias, args.visits)?;
    let ended = crowds.map(Held::count_alive);
    let garbage = garbage.stop();
    drop((silent, stammering, idle));
    std::thread::sleep(AFTER);
    let calm_again = visits(alias, args.visits)?;
    let after = Gateway::of(process)?;

    let flood = Besieger::with_strangers(gateway, args.flood);
    std::thread::sleep(SETTLE);
    let swamped = visits(alias, args.visits)?;
    let flood = flood.stop();
    std::thread::sleep(SETTLE);

    let live_calm = requests(alias, args.visits)?;
    let shim = SocketAddr::new(Layout::Loopback.pod(&pod), INBOUND);
    let handshakes = Besieger::with_handshakes(shim, client_hello(&pod)?, args.handshakes);
    std::thread::sleep(SETTLE);
    let flooded = visits(alias, args.visits)?;
    let live_flooded = requests(alias, args.visits)?;
    let handshakes = handshakes.stop();

    let crowd = |at: usize, asked| Crowd {
        asked,
        begun: begun[at],
        ended: ended[at],
    };
    let stage = |(what, when, times)| Stage { what, when, times };
    let seen = Seen {
        idle: crowd(0, args.idle),
        silent: crowd(1, args.silent),
        stammering: crowd(2, args.stammering),
        garbage,
        flood,
        handshakes,
        at_once: args.handshakes,
        stages: [
            (What::Visit, "before", calm),
            (What::Visit, "besieged", besieged),
            (What::Visit, "after", calm_again),
            (What::Visit, "swamped", swamped),
            (What::Visit, "flooded", flooded),
            (What::Request, "after", live_calm),
            (What::Request, "flooded", live_flooded),
        ]
        .map(stage)
        .into(),
        before,
        held,
        after,
    };
    let mut out = std::io::stdout().lock();
    write!(out, "{seen}")?;
    let missed = seen.missed();
    for miss in &missed {
        writeln!(out, "MISSED: {miss}")?;
    }
    Ok(if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
