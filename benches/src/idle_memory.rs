//! What an idle connection costs in each process of the path, in bytes of private memory.
//!
//! Runs the demo's clusters on loopback addresses, opens connections from an app to a pod, sends one
//! request on each and leaves them alone.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use allocation_counter::measure;
use anyhow::Context;
use eastwest::clusters::{Capture, Clusters, HELLO, Layout};
use eastwest::leftovers::clear_when_interrupted;
use eastwest_benches::parts::ends::Ends;
use eastwest_benches::process::Memory;
use tokio::runtime::Builder;

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
    let (client, server) = sessions()?;
    writeln!(
        out,
        "of that, what is left of the handshake: {client} in the calling shim, {server} in the called one"
    )?;
    Ok(())
}

/// What a TLS session holds at the client's and the server's end when nothing flows: what rustls keeps of
/// the handshake to make the next keys, and the keys. Memory of the cryptography in C is not in it.
fn sessions() -> anyhow::Result<(i64, i64)> {
    let runtime = Builder::new_current_thread().build()?;
    let ends = Ends::make()?;
    let agree = || {
        runtime.block_on(async {
            let (mut near, mut far) = tokio::io::duplex(64 << 10);
            ends.agree(&mut near, &mut far).await
        })
    };
    // What is made once is there after the first.
    drop(agree()?);
    let (mut client, mut server) = (None, None);
    let clients = measure(|| client = agree().ok().map(|(client, _)| client)).bytes_current;
    let servers = measure(|| server = agree().ok().map(|(_, server)| server)).bytes_current;
    anyhow::ensure!(
        client.is_some() && server.is_some(),
        "a handshake has failed"
    );
    Ok((clients, servers))
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
