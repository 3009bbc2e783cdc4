//! Connections that stand and say nothing.

use std::time::Duration;

use anyhow::Context;
use eastwest_benches::process::Memory;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::request::{LENGTH, answer};
use super::{PATIENCE, Path, Tally, run, serve};

/// Opened first, so that what a program needs once is there before the first reading.
pub(super) const WARM_UP: usize = 50;
/// So many are opened at a time: a gateway bounds those that are on their way in.
const AT_ONCE: usize = 32;
/// Time for the last buffers to be given back.
pub(super) const SETTLE: Duration = Duration::from_millis(500);

/// What a program had before the connections, and with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) before: Memory,
    pub(crate) with: Memory,
    /// How many connections that is about.
    pub(crate) connections: usize,
}

impl Held {
    /// Of each program, in the same order.
    pub(super) fn all(before: &[Memory], with: &[Memory], connections: usize) -> Vec<Self> {
        let pairs = before.iter().zip(with);
        let each = |(before, with): (&Memory, &Memory)| Self {
            before: *before,
            with: *with,
            connections,
        };
        pairs.map(each).collect()
    }

    /// Bytes for each connection.
    pub(crate) fn each(&self) -> f64 {
        let grown = self.with.written.saturating_sub(self.before.written);
        grown as f64 / self.connections.max(1) as f64
    }
}

/// Opens connections, uses each once, and asks `memory` before and after, each program's in turn.
///
/// # Errors
/// When one of them fails.
pub(crate) fn idle(
    path: &Path,
    connections: usize,
    memory: impl Fn() -> anyhow::Result<Vec<Memory>>,
) -> anyhow::Result<Vec<Held>> {
    run(4 * PATIENCE, async {
        let tally = Tally::default();
        let preamble = path.preamble().len();
        serve(path.listen()?, &tally, move |stream| {
            answer(stream, preamble)
        });
        let mut held = open(path, WARM_UP).await?;
        sleep(SETTLE).await;
        let before = memory()?;
        held.extend(open(path, connections).await?);
        sleep(SETTLE).await;
        let with = memory()?;
        if let Some(error) = tally.failed.borrow_mut().take() {
            return Err(error);
        }
        anyhow::ensure!(
            held.len() == WARM_UP + connections,
            "connections are missing"
        );
        Ok(Held::all(&before, &with, connections))
    })
}

/// Opens connections and uses each once; they stand as long as they are kept.
pub(super) async fn open(path: &Path, connections: usize) -> anyhow::Result<Vec<TcpStream>> {
    let mut open = Vec::with_capacity(connections);
    while open.len() < connections {
        let mut some = Vec::new();
        for _ in 0..AT_ONCE.min(connections - open.len()) {
            let mut stream = path.connect().await?;
            stream.write_all(path.preamble()).await?;
            stream.write_all(&[1; LENGTH]).await?;
            some.push(stream);
        }
        for stream in &mut some {
            let came = stream.read_exact(&mut [0; LENGTH]).await;
            came.with_context(|| format!("the answer on connection {}", open.len()))?;
        }
        open.append(&mut some);
    }
    Ok(open)
}
