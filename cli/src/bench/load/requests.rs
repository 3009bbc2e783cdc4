//! A question of 64 bytes and its answer, again and again.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::opening::open_one;
use super::{Meter, Metric, Pace, Taken, Tally, percentiles};
use crate::bench::wire::{MESSAGE, Wanted};

pub(super) async fn take(entry: SocketAddr, meter: &Meter, pace: Pace) -> anyhow::Result<Taken> {
    let tally = Tally::default();
    let stream = open_one(entry, Wanted::Echo, pace).await?;
    tally.spawn(again_and_again(stream, tally.clone()));
    let window = tally.window(meter, pace, u64::MAX).await?;
    let mut values = percentiles(tally.times(), &[Metric::P50, Metric::P99, Metric::P999]);
    values.push((Metric::PerSecond, window.rate()));
    Ok(Taken { values, window })
}

async fn again_and_again(mut stream: TcpStream, tally: Tally) -> anyhow::Result<()> {
    let question = [7; MESSAGE];
    let mut answer = [0; MESSAGE];
    loop {
        let asked = Instant::now();
        stream.write_all(&question).await?;
        stream.read_exact(&mut answer).await?;
        tally.took(asked.elapsed());
        anyhow::ensure!(answer == question, "an answer is not what was asked");
        tally.add(1);
    }
}
