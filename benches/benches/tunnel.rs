//! One connection of the transport library, both ends in this process: the handshake, and bytes
//! through the relay in clear and under TLS, with one, two and eight streams, up, down and both ways.
//!
//! Everything is on one thread and on loopback: apps, relays and the kernel's part. Compare within one
//! run; `copy` is tokio's `copy_bidirectional` in the place of our relay.

use criterion::{Criterion, SamplingMode, Throughput};
use eastwest_benches::parts::ends::Ends;
use eastwest_benches::parts::streams::{BULK, Carrier, DIRECTIONS, Streams};
use tokio::runtime::{Builder, Runtime};

/// A sample moves 32 MiB a stream and direction; criterion's 100 of them would take minutes.
const SAMPLES: usize = 10;

fn main() -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ends = Ends::make()?;
    let mut criterion = Criterion::default().configure_from_args();
    handshake(&mut criterion, &runtime, &ends)?;
    for carrier in [Carrier::Copy, Carrier::Relay, Carrier::Tls] {
        relay(&mut criterion, &runtime, &ends, carrier)?;
    }
    criterion.final_summary();
    Ok(())
}

fn handshake(criterion: &mut Criterion, runtime: &Runtime, ends: &Ends) -> anyhow::Result<()> {
    runtime.block_on(ends.tls())?;
    let mut group = criterion.benchmark_group("handshake");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mutual", |bencher| {
        bencher.iter(|| {
            runtime
                .block_on(ends.tls())
                .unwrap_or_else(|error| broken(&error))
        });
    });
    group.finish();
    Ok(())
}

fn relay(
    criterion: &mut Criterion,
    runtime: &Runtime,
    ends: &Ends,
    carrier: Carrier,
) -> anyhow::Result<()> {
    for (name, direction) in DIRECTIONS {
        let mut group = criterion.benchmark_group(format!("relay-{carrier}-{name}"));
        group.sample_size(SAMPLES).sampling_mode(SamplingMode::Flat);
        for count in [1, 2, 8] {
            let mut streams = runtime.block_on(Streams::open(ends, carrier, count))?;
            let ways = u64::from(direction.up) + u64::from(direction.down);
            group.throughput(Throughput::Bytes(BULK as u64 * count as u64 * ways));
            group.bench_function(count.to_string(), |bencher| {
                bencher.iter(|| {
                    runtime
                        .block_on(streams.transfer(direction))
                        .unwrap_or_else(|error| broken(&error));
                });
            });
        }
        group.finish();
    }
    Ok(())
}

#[expect(clippy::panic, reason = "a figure taken on a broken path is none")]
fn broken<T>(error: &anyhow::Error) -> T {
    panic!("the path broke: {error:#}");
}
