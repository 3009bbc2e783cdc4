//! The connections of a load, which are opened before anything is measured.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{PATIENCE, Pace, open};
use crate::bench::wire::Wanted;

/// So many handshakes at a time wait for each other less long than servers wait for a client.
const AT_ONCE: u32 = 128;
/// Round trips of one: the handshakes of TCP and TLS, a question, and as many again where one gets lost.
const ROUND_TRIPS: u32 = 8;
/// Longer than a busy machine takes for the handshakes of one, with certificates at both ends.
const EACH: Duration = Duration::from_millis(50);

impl Pace {
    /// How long so many connections may take to be opened.
    pub(super) fn opening(self, connections: u32) -> Duration {
        let turns = connections.div_ceil(AT_ONCE);
        PATIENCE + connections * EACH + turns * ROUND_TRIPS * self.rtt
    }
}

/// Opens them side by side: one after another they would take as many round trips.
///
/// # Errors
/// When one cannot be opened, or not in time.
pub(super) async fn open_all(
    entry: SocketAddr,
    wanted: Wanted,
    connections: u32,
    pace: Pace,
) -> anyhow::Result<Vec<TcpStream>> {
    let turns = Rc::new(Semaphore::new(AT_ONCE as usize));
    let mut opening = JoinSet::new();
    for _ in 0..connections {
        let turns = Rc::clone(&turns);
        opening.spawn_local(async move {
            let _turn = turns.acquire().await?;
            open(entry, wanted).await
        });
    }
    let limit = pace.opening(connections);
    let mut opened = Vec::new();
    let all = async {
        while let Some(stream) = opening.join_next().await {
            opened.push(stream.context("opening a connection")??);
        }
        anyhow::Ok(())
    };
    match timeout(limit, all).await {
        Ok(done) => done.map(|()| opened),
        Err(_) => {
            let there = opened.len();
            bail!("{there} of {connections} connections were open after {limit:?}")
        }
    }
}

/// The only connection of a load.
///
/// # Errors
/// As [`open_all`].
pub(super) async fn open_one(
    entry: SocketAddr,
    wanted: Wanted,
    pace: Pace,
) -> anyhow::Result<TcpStream> {
    let mut only = open_all(entry, wanted, 1, pace).await?;
    only.pop().context("no connection was opened")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::LocalSet;

    use super::*;
    use crate::bench::wire::hear;

    const PACE: Pace = Pace {
        rtt: Duration::from_secs(1),
        warm_up: Duration::ZERO,
        length: Duration::ZERO,
    };

    /// A far app that answers nobody before all have come.
    #[tokio::test]
    async fn connections_are_opened_side_by_side() {
        const ALL: u32 = 8;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = listener.local_addr().unwrap();
        let app = async {
            let mut came = Vec::new();
            for _ in 0..ALL {
                came.push(listener.accept().await.unwrap().0);
            }
            for stream in &mut came {
                hear(stream).await.unwrap();
                stream.write_all(&[9]).await.unwrap();
            }
            came
        };
        let client = open_all(entry, Wanted::Bytes, ALL, PACE);
        let tasks = LocalSet::new();
        let both = tasks.run_until(async { tokio::join!(client, app) });
        let (opened, _came) = timeout(PATIENCE, both).await.unwrap();
        let mut streams = opened.unwrap();
        assert_eq!(streams.len(), ALL as usize);
        for stream in &mut streams {
            assert_eq!(stream.read_u8().await.unwrap(), 9);
        }
    }

    #[test]
    fn a_long_way_and_many_connections_have_longer() {
        let short = Pace {
            rtt: Duration::ZERO,
            ..PACE
        };
        assert!(short.opening(4096) > short.opening(1));
        // Of as many at both lengths: more of them have longer for themselves as well.
        for (connections, turns) in [(1, 1), (128, 1), (129, 2), (4096, 32)] {
            let longer = PACE.opening(connections) - short.opening(connections);
            assert!(longer >= turns * 4 * PACE.rtt, "{connections}: {longer:?}");
        }
    }
}
