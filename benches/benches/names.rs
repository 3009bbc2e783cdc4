//! What a gateway thinks about a connection: the ClientHello, its server name, the route; and the
//! rule that maps an alias to its pod.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use eastwest_benches::parts::names::{ALIAS, SNI, client_hello, exports};
use eastwest_mesh::alias::remote_host;
use eastwest_mesh::{Dialect, Hostname};
use eastwest_transport::client_hello::parse;
use eastwest_transport::sni::Sni;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    hello(&mut criterion)?;
    routes(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn hello(criterion: &mut Criterion) -> anyhow::Result<()> {
    let bytes = client_hello()?;
    parse(&bytes)?;
    let mut group = criterion.benchmark_group("client-hello");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| parse(black_box(&bytes)));
    });
    group.finish();
    let mut group = criterion.benchmark_group("sni");
    group.throughput(Throughput::Bytes(SNI.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| black_box(SNI).parse::<Sni>());
    });
    group.finish();
    Ok(())
}

fn routes(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("route");
    group.throughput(Throughput::Elements(1));
    for names in [10, 1_000, 100_000] {
        let (exports, host) = exports(names)?;
        let port = std::num::NonZeroU16::new(3306);
        let look_up = || exports.target(Dialect::Istio, black_box(host.as_str()), port);
        anyhow::ensure!(look_up().is_ok(), "{host} is not exported");
        group.bench_function(BenchmarkId::from_parameter(names), |bencher| {
            bencher.iter(look_up);
        });
    }
    group.finish();
    let alias: Hostname = ALIAS.parse()?;
    let domain: Hostname = "cluster.local".parse()?;
    anyhow::ensure!(remote_host(&alias, &domain).is_some(), "no alias");
    let mut group = criterion.benchmark_group("alias");
    group.throughput(Throughput::Elements(1));
    group.bench_function("rule", |bencher| {
        bencher.iter(|| remote_host(black_box(&alias), &domain));
    });
    group.finish();
    Ok(())
}
