//! What a gateway thinks about a connection: the ClientHello, its server name, the route; and the
//! rule that maps an alias to its pod.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use eastwest_mesh::alias::remote_host;
use eastwest_mesh::{Capture, Dialect, Exports, Hostname, Options, Source, load};
use eastwest_transport::client_hello;
use eastwest_transport::sni::Sni;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

const SNI: &str = "outbound_.3306_._.db-pxc-7.db-pxc.pxc.svc.cluster.local";

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    hello(&mut criterion)?;
    routes(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// As our shim sends it: post-quantum key share, ALPN `istio`.
fn client_hello_bytes() -> anyhow::Result<Vec<u8>> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"istio".to_vec()];
    let mut client = ClientConnection::new(Arc::new(config), SNI.try_into()?)?;
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes)?;
    Ok(bytes)
}

fn hello(criterion: &mut Criterion) -> anyhow::Result<()> {
    let bytes = client_hello_bytes()?;
    client_hello::parse(&bytes)?;
    let mut group = criterion.benchmark_group("client-hello");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| client_hello::parse(black_box(&bytes)));
    });
    group.finish();
    criterion.bench_function("sni-parse", |bencher| {
        bencher.iter(|| black_box(SNI).parse::<Sni>());
    });
    Ok(())
}

/// Exports of so many exact names; the one that is asked for stands in their middle.
fn exports(names: usize) -> anyhow::Result<(Exports, Hostname)> {
    let host = |number: usize| format!("db-pxc-{number}.db-pxc.pxc.svc.cluster.local");
    let mut text = "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
                    metadata: {name: exports, namespace: istio-system}\nspec:\n  servers:\n  \
                    - port: {number: 15443, name: tls, protocol: TLS}\n    \
                    tls: {mode: AUTO_PASSTHROUGH}\n    hosts:\n"
        .to_owned();
    for number in 0..names {
        text += &format!("    - {}\n", host(number));
    }
    let options = Options {
        cluster_domain: "cluster.local".parse()?,
        capture: Capture::Redirect,
    };
    let name = "gateway.yaml".to_owned();
    let mesh = load(&[Source { name, text }], &options);
    Ok((mesh.exports, host(names / 2).parse()?))
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
    let alias: Hostname = "src-db-pxc-7.pxc.svc.cluster.local".parse()?;
    let domain: Hostname = "cluster.local".parse()?;
    anyhow::ensure!(remote_host(&alias, &domain).is_some(), "no alias");
    criterion.bench_function("alias-rule", |bencher| {
        bencher.iter(|| remote_host(black_box(&alias), &domain));
    });
    Ok(())
}
