//! Bytes through the whole path, app -> shim -> gateway -> shim -> app, beside a plain TCP connection
//! between the same two programs: what matters is the ratio of the two, taken in one run.
//!
//! The servers are processes of their own, on loopback addresses of this machine.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use eastwest::clusters::{Capture, Clusters, Layout, SOURCE};
use eastwest::leftovers::clear_when_interrupted;

/// Enough for a transfer to take many times what setting it up takes.
const BULK: u64 = 64 << 20;
/// What an app writes at once; MySQL's network buffer is as large.
const WRITE: usize = 16 << 10;
/// A transfer takes a tenth of a second or so; criterion's 100 samples would take minutes.
const SAMPLES: usize = 20;

/// What the client asks of the server for one transfer.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Direction {
    Up = 0,
    Down = 1,
}

fn main() -> anyhow::Result<()> {
    let program = eastwest()?;
    let _survived = clear_when_interrupted(&program)?;
    let mut clusters = Clusters::prepare(&program, Layout::Loopback)?;
    clusters.start_dns()?;
    clusters.start_source_shim()?;
    clusters.start_gateway()?;
    clusters.start_outbound_shim("b-app", (SOURCE.namespace, SOURCE.account), Capture::Vip)?;
    let pod = SocketAddr::new(Layout::Loopback.pod(&SOURCE), SOURCE.port);
    serve(pod)?;
    let alias: IpAddr = clusters
        .visit("b-app", &SOURCE.alias(), SOURCE.port)?
        .address
        .context("the alias has no address")?;
    let paths = [
        ("plain", pod),
        ("eastwest", SocketAddr::new(alias, SOURCE.port)),
    ];

    let mut criterion = Criterion::default().configure_from_args();
    for (name, direction) in [("up", Direction::Up), ("down", Direction::Down)] {
        let mut group = criterion.benchmark_group(format!("bulk-{name}"));
        group
            .throughput(Throughput::Bytes(BULK))
            .sample_size(SAMPLES)
            .sampling_mode(SamplingMode::Flat);
        for (path, address) in paths {
            bulk(&mut group, path, address, direction)?;
        }
        group.finish();
    }
    small(&mut criterion, &paths)?;
    criterion.final_summary();
    Ok(())
}

fn bulk(
    group: &mut BenchmarkGroup<'_, WallTime>,
    path: &str,
    address: SocketAddr,
    direction: Direction,
) -> anyhow::Result<()> {
    let mut connection = connect(address)?;
    group.bench_function(path, |bencher| {
        bencher.iter(|| {
            transfer(&mut connection, direction, BULK).unwrap_or_else(|error| broken(&error));
        });
    });
    Ok(())
}

/// A question and its answer on a connection that stands, and a connection made for one question.
fn small(criterion: &mut Criterion, paths: &[(&str, SocketAddr)]) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("round-trip");
    group.throughput(Throughput::Elements(1));
    for &(path, address) in paths {
        let mut connection = connect(address)?;
        group.bench_function(path, |bencher| {
            bencher.iter(|| {
                transfer(&mut connection, Direction::Up, 1).unwrap_or_else(|error| broken(&error));
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("new-connection");
    // Each leaves four ports in TIME_WAIT, of some 28,000.
    group
        .throughput(Throughput::Elements(1))
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    for &(path, address) in paths {
        group.bench_function(path, |bencher| {
            bencher.iter(|| {
                connect(address)
                    .and_then(|mut new| transfer(&mut new, Direction::Up, 1))
                    .unwrap_or_else(|error| broken(&error));
            });
        });
    }
    group.finish();
    Ok(())
}

#[expect(clippy::panic, reason = "a figure taken on a broken path is none")]
fn broken(error: &io::Error) {
    panic!("the path broke: {error}");
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// Asks for `length` bytes in a direction, and returns when all of them have arrived.
fn transfer(connection: &mut TcpStream, direction: Direction, length: u64) -> io::Result<()> {
    let mut request = [0; 9];
    request[0] = direction as u8;
    request[1..].copy_from_slice(&length.to_be_bytes());
    connection.write_all(&request)?;
    match direction {
        Direction::Up => {
            send(connection, length)?;
            connection.read_exact(&mut [0])
        }
        Direction::Down => receive(connection, length),
    }
}

fn send(connection: &mut TcpStream, length: u64) -> io::Result<()> {
    let block = [7; WRITE];
    let mut left = length;
    while left > 0 {
        let n = usize::try_from(left).unwrap_or(WRITE).min(WRITE);
        connection.write_all(&block[..n])?;
        left -= n as u64;
    }
    Ok(())
}

fn receive(connection: &mut TcpStream, length: u64) -> io::Result<()> {
    let mut block = vec![0; 16 * WRITE];
    let mut left = length;
    while left > 0 {
        let most = usize::try_from(left)
            .unwrap_or(block.len())
            .min(block.len());
        match connection.read(&mut block[..most])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => left -= n as u64,
        }
    }
    Ok(())
}

/// The app at the far end. It ends with this process.
fn serve(address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(connection));
        }
    });
    Ok(())
}

fn answer(mut connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    loop {
        let mut request = [0; 9];
        connection.read_exact(&mut request)?;
        let mut length = [0; 8];
        length.copy_from_slice(&request[1..]);
        let length = u64::from_be_bytes(length);
        match request[0] {
            0 => {
                receive(&mut connection, length)?;
                connection.write_all(&[1])?;
            }
            1 => send(&mut connection, length)?,
            // Not one of ours, such as the visit that looks the alias up.
            _ => return Ok(()),
        }
    }
}

/// The program under test, built with the settings that users get.
fn eastwest() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let profile = here.ancestors().nth(2).context("not in a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", "eastwest"])
        .status()?;
    anyhow::ensure!(built.success(), "cargo build: {built}");
    Ok(profile.join("eastwest"))
}
