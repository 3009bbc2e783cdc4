//! New connections: made, answered and closed.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Meter, Metric, Pace, Taken, Tally, open, percentiles};
use crate::bench::wire::Wanted;

/// How many are being made at a time.
pub(super) const AT_ONCE: u32 = 8;
/// Each leaves a port in TIME_WAIT at every hop, of some 28,000 that come back after a minute: a round
/// ends early with so many.
const MOST: u64 = 3_000;
const WARM_UP: Duration = Duration::from_millis(50);
/// All begin at one moment, and over a long way they go on in step: a round that has fewer turns of all than
/// three may as well have had one more or less.
pub(super) const LEAST: u64 = 3 * AT_ONCE as u64;

pub(super) async fn take(entry: SocketAddr, meter: &Meter, pace: Pace) -> anyhow::Result<Taken> {
    let tally = Tally::default();
    let ends = Rc::new(Cell::new(false));
    let tasks: Vec<JoinHandle<()>> = (0..AT_ONCE)
        .map(|_| tally.spawn(again_and_again(entry, tally.clone(), Rc::clone(&ends))))
        .collect();
    // The first turn meets empty caches. Should it never come, the window says why.
    let first = tally.reaches(u64::from(AT_ONCE));
    let _ = timeout(pace.opening(AT_ONCE), first).await;
    // A long warm-up would use up the ports of the rounds that count.
    let pace = Pace {
        warm_up: pace.warm_up.min(WARM_UP),
        ..pace
    };
    let window = tally.window(meter, pace, MOST).await?;
    let times = tally.times();
    // Each finishes the connection that it is at: one that is cut may be given to the next load.
    ends.set(true);
    for task in tasks {
        // What has gone wrong is in the tally.
        let _ = task.await;
    }
    let mut values = vec![(Metric::PerSecond, window.rate())];
    values.extend(percentiles(times, &[Metric::P50, Metric::P99]));
    Ok(Taken { values, window })
}

async fn again_and_again(
    entry: SocketAddr,
    tally: Tally,
    ends: Rc<Cell<bool>>,
) -> anyhow::Result<()> {
    while !ends.get() {
        let begun = Instant::now();
        let mut stream = open(entry, Wanted::Greeting).await?;
        tally.took(begun.elapsed());
        tally.add(1);
        // The far end closes after us, and what it says last has to have come.
        let _ = stream.shutdown().await;
        let _ = stream.read(&mut [0; 16]).await;
    }
    Ok(())
}
