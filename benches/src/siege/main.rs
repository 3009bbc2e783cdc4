//! Whether a client still gets in while many others hold the gateway: idle connections, clients that say
//! nothing, clients that say one byte, and garbage, all at once; then how it fares while others keep the
//! pod's shim busy with handshakes.
//!
//! Runs the demo's clusters on loopback addresses. The client is an app: each of its connections is a
//! new tunnel over the whole path.

mod besiegers;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use eastwest::clusters::{Capture, Clusters, HELLO, Layout, Pod};
use eastwest::leftovers::clear_when_interrupted;
use eastwest_benches::process::Memory;
use eastwest_benches::stats::Spread;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use besiegers::{Besieger, Held};

/// Hold a gateway with idle, silent and senseless connections, and a shim with handshakes, and see how a
/// client fares
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

    /// Handshakes with the pod's shim at a time, which are left when the shim has done its part
    #[arg(long, value_name = "N", default_value = "256")]
    handshakes: usize,

    /// Connections of the client at each stage, and requests on one that is there already
    #[arg(long, value_name = "N", default_value = "100")]
    visits: usize,
}

/// Of so many descriptors of a gateway one idle connection may be, if it is to hold under attack.
const LIVE: u64 = 4;
/// What is asked: a visit's milliseconds in the median, a connection's bytes, and what may be left.
const MOST_MS: f64 = 100.0;
const MOST_BYTES: u64 = 2500;
const LEFT_DESCRIPTORS: usize = 8;
const LEFT_MEMORY: u64 = 4 << 20;
/// Where a pod's shim takes TLS.
const INBOUND: u16 = 15444;
/// Time for what has ended to be cleared away.
const SETTLE: Duration = Duration::from_secs(3);
/// Longer than any of the gateway's deadlines: what it still holds then, it has lost.
const AFTER: Duration = Duration::from_secs(15);
/// The most that one visit may take before it counts as shut out.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> anyhow::Result<()> {
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
    let before = State::of(process)?;
    let idle = besiegers::idle(alias, args.idle)?;
    std::thread::sleep(SETTLE);
    let held = State::of(process)?;
    let silent = Held::connect(gateway, args.silent, b"")?;
    let stammering = Held::connect(gateway, args.stammering, &[besiegers::HANDSHAKE])?;
    let garbage = Besieger::with_garbage(gateway);
    let besieged = visits(alias, args.visits)?;
    let thrown = garbage.stop();
    let alive = idle.count_alive();
    drop((silent, stammering, idle));
    std::thread::sleep(AFTER);
    let calm_again = visits(alias, args.visits)?;
    let after = State::of(process)?;

    let live_calm = requests(alias, args.visits)?;
    let shim = SocketAddr::new(Layout::Loopback.pod(&pod), INBOUND);
    let handshakes = Besieger::with_handshakes(shim, client_hello(&pod)?, args.handshakes);
    std::thread::sleep(SETTLE);
    let flooded = visits(alias, args.visits)?;
    let live_flooded = requests(alias, args.visits)?;
    let shaken = handshakes.stop();

    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} idle connections through the gateway, {} silent clients, {} that said one byte, {:.0} \
         pieces of garbage a second meanwhile ({} in all, {} found no way in)\n",
        args.idle,
        args.silent,
        args.stammering,
        thrown.rate(),
        thrown.hits,
        thrown.misses
    )?;
    let new = "a new connection over the whole path";
    let live = "a request on a connection that is there";
    writeln!(out, "ms: median (least..most)")?;
    for (what, when, times) in [
        (new, "before", calm),
        (new, "besieged", besieged.clone()),
        (new, "after", calm_again),
        (new, "flooded", flooded),
        (live, "after", live_calm),
        (live, "flooded", live_flooded),
    ] {
        let spread = Spread::of(&times).context("no visit")?;
        writeln!(
            out,
            "  {what:<40} {when:<9} {:>6.2} ({:.2}..{:.2})",
            spread.median, spread.min, spread.max
        )?;
    }
    writeln!(
        out,
        "flooded: the pod's shim answers {:.0} handshakes a second meanwhile, {} at a time, and refuses or ends {} \
         of {}",
        shaken.rate(),
        args.handshakes,
        shaken.misses,
        shaken.hits + shaken.misses
    )?;
    let each = held.memory.saturating_sub(before.memory) / args.idle.max(1) as u64;
    writeln!(
        out,
        "\nidle connections that lived through it: {alive} of {}",
        args.idle
    )?;
    writeln!(out, "the gateway's memory for each of them: {each} bytes")?;
    writeln!(
        out,
        "the gateway before and after: {} and {} descriptors, {} and {} KiB",
        before.descriptors,
        after.descriptors,
        before.memory / 1024,
        after.memory / 1024
    )?;
    let besieged = Spread::of(&besieged).context("no visit")?;
    ensure!(thrown.hits > 0, "no garbage was thrown");
    ensure!(shaken.hits > 0, "no handshake was answered");
    ensure!(besieged.median <= MOST_MS, "more than {MOST_MS} ms");
    ensure!(alive == args.idle, "idle connections were cut");
    ensure!(
        each <= MOST_BYTES || args.idle < 1000,
        "more than {MOST_BYTES} bytes"
    );
    ensure!(
        after.descriptors <= before.descriptors + LEFT_DESCRIPTORS
            && after.memory <= before.memory + LEFT_MEMORY,
        "the gateway has not given back what it needed"
    );
    Ok(())
}

/// What the gateway holds.
struct State {
    descriptors: usize,
    memory: u64,
}

impl State {
    fn of(process: u32) -> anyhow::Result<Self> {
        let descriptors = Path::new("/proc").join(process.to_string()).join("fd");
        Ok(Self {
            descriptors: descriptors.read_dir()?.count(),
            memory: Memory::of(process)?.written,
        })
    }
}

/// What somebody says first who wants to go to this pod.
fn client_hello(pod: &Pod) -> anyhow::Result<Vec<u8>> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec()];
    let sni = format!("outbound_.{}_._.{}", pod.port, pod.dns_name());
    let mut client = ClientConnection::new(Arc::new(config), sni.try_into()?)?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello)?;
    Ok(hello)
}

/// So many requests on one connection: the time of each, in milliseconds.
fn requests(alias: SocketAddr, n: usize) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(alias)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = || {
        let begun = Instant::now();
        stream.write_all(besiegers::REQUEST)?;
        let read = stream.read(&mut [0; 1024]).context("stalled")?;
        ensure!(read > 0, "a live connection was closed");
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    };
    request()?;
    (0..n).map(|_| request()).collect()
}

/// So many connections, one after the other: the time of each to its first byte, in milliseconds.
fn visits(alias: SocketAddr, n: usize) -> anyhow::Result<Vec<f64>> {
    (0..n)
        .map(|_| {
            let begun = Instant::now();
            let mut stream = TcpStream::connect(alias)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(besiegers::REQUEST)?;
            let read = stream.read(&mut [0; 1024]).context("shut out")?;
            ensure!(read > 0, "a visit was closed");
            Ok(begun.elapsed().as_secs_f64() * 1e3)
        })
        .collect()
}
