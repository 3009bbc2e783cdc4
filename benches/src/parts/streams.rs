//! Streams through relays, and what is sent on them.

use std::fmt;

use eastwest_transport::relay::{Counts, Leg, Patience, relay};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::ends::{Ends, tcp};

/// Sent on each stream, each way, in one sample: many times what fits into the buffers on the way.
pub const BULK: usize = 32 << 20;
/// A small message.
pub const SMALL: usize = 64;
/// What an app writes at once.
const WRITE: usize = 64 << 10;

/// What carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// tokio's loop with two buffers of 8 KiB, for comparison.
    Copy,
    /// Our relay, as in the gateway.
    Relay,
    /// Two of our relays with TLS between them, as in two shims.
    Tls,
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copy => "copy",
            Self::Relay => "plain",
            Self::Tls => "tls",
        })
    }
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy)]
pub struct Direction {
    /// From the app to the server.
    pub up: bool,
    /// From the server to the app.
    pub down: bool,
}

/// Each way there is, and its name.
pub const DIRECTIONS: [(&str, Direction); 3] = [
    (
        "up",
        Direction {
            up: true,
            down: false,
        },
    ),
    (
        "down",
        Direction {
            up: false,
            down: true,
        },
    ),
    (
        "both",
        Direction {
            up: true,
            down: true,
        },
    ),
];

/// Apps and servers with a carrier between each two.
#[derive(Debug)]
pub struct Streams(Vec<(TcpStream, TcpStream)>);

impl Streams {
    /// So many of them.
    ///
    /// # Errors
    /// The system's, and that of a handshake.
    pub async fn open(ends: &Ends, carrier: Carrier, count: usize) -> anyhow::Result<Self> {
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            let ((app, mut downstream), (mut upstream, server)) = (tcp().await?, tcp().await?);
            match carrier {
                Carrier::Copy => {
                    tokio::spawn(async move {
                        let _ = copy_bidirectional(&mut downstream, &mut upstream).await;
                    });
                }
                Carrier::Relay => carry(downstream, upstream),
                Carrier::Tls => {
                    let (client, far) = ends.tls().await?;
                    carry(downstream, client);
                    carry(far, upstream);
                }
            }
            streams.push((app, server));
        }
        Ok(Self(streams))
    }

    /// Sends [`BULK`] on each stream and waits until all of it has arrived.
    ///
    /// # Errors
    /// When a connection broke.
    pub async fn transfer(&mut self, direction: Direction) -> anyhow::Result<()> {
        let mut moving = tokio::task::JoinSet::new();
        for (mut app, mut server) in self.0.drain(..) {
            moving.spawn(async move {
                let (mut from_app, mut to_server) = app.split();
                let (mut from_server, mut to_app) = server.split();
                tokio::try_join!(
                    send(&mut to_server, direction.up),
                    receive(&mut from_server, direction.up),
                    send(&mut to_app, direction.down),
                    receive(&mut from_app, direction.down),
                )?;
                std::io::Result::Ok((app, server))
            });
        }
        while let Some(moved) = moving.join_next().await {
            self.0.push(moved??);
        }
        Ok(())
    }

    /// [`SMALL`] bytes to the server and back to the app, on each stream after the other.
    ///
    /// # Errors
    /// When a connection broke.
    pub async fn there_and_back(&mut self) -> anyhow::Result<()> {
        for (app, server) in &mut self.0 {
            let mut message = [7; SMALL];
            app.write_all(&message).await?;
            server.read_exact(&mut message).await?;
            server.write_all(&message).await?;
            app.read_exact(&mut message).await?;
        }
        Ok(())
    }
}

fn carry(mut downstream: impl Leg + Send + 'static, mut upstream: impl Leg + Send + 'static) {
    tokio::spawn(async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        let patience = Patience::default();
        relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await
    });
}

async fn send(to: &mut (impl AsyncWriteExt + Unpin), wanted: bool) -> std::io::Result<()> {
    let block = [7; WRITE];
    for _ in 0..if wanted { BULK / WRITE } else { 0 } {
        to.write_all(&block).await?;
    }
    Ok(())
}

async fn receive(from: &mut (impl AsyncReadExt + Unpin), wanted: bool) -> std::io::Result<()> {
    let mut block = vec![0; 4 * WRITE];
    let mut left = if wanted { BULK } else { 0 };
    while left > 0 {
        let most = block.len().min(left);
        match from.read(&mut block[..most]).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => left -= n,
        }
    }
    Ok(())
}
