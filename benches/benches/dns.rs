//! An alias's answer: hickory's, and the one to a plain question, which is what most clients ask.
//! First the answer alone, with small and large tables, then over UDP on loopback, where the system
//! calls of both ends count too: compare ratios of one run.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use arc_swap::ArcSwap;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};
use eastwest_benches::parts::aliases::{ALIAS, DOMAIN, question, searched, table, zone};
use eastwest_resolver::config::ResolverConfig;
use eastwest_resolver::plain::Answer;
use eastwest_resolver::server::Resolver;
use hickory_server::{net::xfer::Protocol, server::Request};

const ALIASES: [u32; 3] = [10, 1_000, 100_000];
/// Questions on their way at a time.
const AT_ONCE: u16 = 64;
/// The reserved bit of the header: means nothing, and makes a question one for hickory.
const NOT_PLAIN: u8 = 0x40;
/// Far more than any answer takes.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("dns-answer");
    group.throughput(Throughput::Elements(1));
    for count in ALIASES {
        alone(&mut group, count)?;
    }
    group.finish();
    let mut group = criterion.benchmark_group("dns-udp");
    group.throughput(Throughput::Elements(u64::from(AT_ONCE)));
    let server = serve()?;
    let plain = question(ALIAS)?;
    let mut other = plain.clone();
    other[3] |= NOT_PLAIN;
    for (path, question) in [("hickory", other), ("plain", plain)] {
        let client = UdpSocket::bind("127.0.0.1:0")?;
        client.connect(server)?;
        client.set_read_timeout(Some(PATIENCE))?;
        group.bench_function(path, |bencher| {
            bencher.iter(|| burst(&client, &question).unwrap_or_else(|error| broken(&error)));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// The answers to an alias's own name and to the one that a pod asks first, without a socket.
fn alone(group: &mut BenchmarkGroup<'_, WallTime>, count: u32) -> anyhow::Result<()> {
    let zone = zone(count)?;
    let searched = searched();
    for (form, name) in [("itself", ALIAS), ("searched", &searched)] {
        let question = question(name)?;
        let mut answer = Answer::default();
        let answered = zone.answer_plain(&question, &mut answer);
        answered.context("the question is not plain")?;
        group.bench_function(
            BenchmarkId::new(format!("plain-{form}"), count),
            |bencher| {
                bencher.iter(|| zone.answer_plain(&question, &mut answer));
            },
        );
        let client = SocketAddr::from(([127, 0, 0, 1], 1));
        group.bench_function(
            BenchmarkId::new(format!("hickory-{form}"), count),
            |bencher| {
                bencher.iter(|| {
                    let request = Request::from_bytes(question.clone(), client, Protocol::Udp);
                    request.map(|request| zone.answer(&request))
                });
            },
        );
    }
    Ok(())
}

/// Sends questions, then takes as many answers.
fn burst(client: &UdpSocket, question: &[u8]) -> io::Result<()> {
    for _ in 0..AT_ONCE {
        client.send(question)?;
    }
    for _ in 0..AT_ONCE {
        client.recv(&mut [0; 512])?;
    }
    Ok(())
}

#[expect(clippy::panic, reason = "a figure taken of what is lost is none")]
fn broken(error: &io::Error) {
    panic!("no answer came: {error}");
}

/// A resolver on a thread of its own, which ends with this process.
fn serve() -> anyhow::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    let config = ResolverConfig::new(listen, DOMAIN.parse()?);
    let table = Arc::new(ArcSwap::from_pointee(table(ALIASES[0])?));
    let bound = runtime.block_on(async { Resolver::bind(&config, table) })?;
    let address = bound.addresses()[0];
    thread::spawn(move || runtime.block_on(bound.serve(Default::default())));
    Ok(address)
}
