//! What an idle connection costs in each process of the path, in bytes of private memory.
//!
//! Runs the demo's clusters on loopback addresses, opens connections from an app to a pod, sends one
//! request on each and leaves them alone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;
use eastwest::clusters::{Capture, Clusters, HELLO, Layout};
use eastwest::leftovers::clear_when_interrupted;
use eastwest_benches::process::Memory;

/// Opened first, so that what a process needs once is there before the first reading.
const WARM_UP: usize = 100;
/// Below the usual limit of 1,024 descriptors of this process, whatever that of the servers.
const CONNECTIONS: usize = 800;
/// Time for the last buffers to be given back.
const SETTLE: Duration = Duration::from_secs(2);
const PROCESSES: [&str; 3] = ["b-app-shim", "gateway", "hello-0-shim"];

fn main() -> anyhow::Result<()> {
    let program = std::env::current_exe()?.with_file_name("eastwest");
    anyhow::ensure!(
        program.exists(),
        "{} is missing: cargo build --release",
        program.display()
    );
    let _survived = clear_when_interrupted(&program)?;
    let mut clusters = Clusters::prepare(&program, Layout::Loopback)?;
    clusters.start_dns()?;
    clusters.start_cluster_a()?;
    clusters.start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)?;
    let pod = HELLO[0];
    let alias = pod.alias();
    let address = clusters.visit("b-app", &alias, pod.port)?.address;
    let address = (address.context("the alias has no address")?, pod.port);

    let mut held = open(address, WARM_UP)?;
    let before = private(&mut clusters)?;
    held.extend(open(address, CONNECTIONS)?);
    let after = private(&mut clusters)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{CONNECTIONS} idle connections, bytes of private memory for each:"
    )?;
    for (name, (before, after)) in PROCESSES.iter().zip(before.iter().zip(&after)) {
        let each = after.saturating_sub(*before) / CONNECTIONS as u64;
        writeln!(
            out,
            "  {name:<14} {each:>6}   (the process without them: {} KiB)",
            before / 1024
        )?;
    }
    Ok(())
}

fn open(address: (std::net::IpAddr, u16), n: usize) -> anyhow::Result<Vec<TcpStream>> {
    let one = |_| {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: hello\r\n\r\n")?;
        let read = stream.read(&mut [0; 1024])?;
        anyhow::ensure!(read > 0, "a connection was closed");
        Ok(stream)
    };
    (0..n).map(one).collect()
}

fn private(clusters: &mut Clusters) -> anyhow::Result<Vec<u64>> {
    sleep(SETTLE);
    PROCESSES
        .iter()
        .map(|name| Ok(Memory::of(clusters.program(name)?.id())?.written))
        .collect()
}
