//! A relay that stands still between two processes.

use std::os::fd::AsFd;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::relay::transit::{Arrived, Piped, Transit};
use crate::relay::{Counts, End, Patience, relay_on};

/// The two connections of a relay, and what is under way.
#[derive(Debug)]
pub(super) struct Standing {
    downstream: TcpStream,
    upstream: TcpStream,
    pub(super) transit: Transit,
}

impl Standing {
    /// The same in another process: descriptors of its own, and only what can be described.
    pub(super) fn carried_over(self) -> Self {
        let arrived = self.transit.ways().map(|way| Arrived {
            stage: way.stage,
            bytes: way.bytes.concat(),
            pipe: way.pipe.map(|pipe| Piped {
                ends: pipe.ends.map(|end| end.try_clone_to_owned().unwrap()),
                held: pipe.held,
            }),
        });
        let moved = |stream: &TcpStream| {
            let socket = stream.as_fd().try_clone_to_owned().unwrap();
            TcpStream::from_std(socket.into()).unwrap()
        };
        Self {
            downstream: moved(&self.downstream),
            upstream: moved(&self.upstream),
            transit: Transit::resumed(arrived).unwrap(),
        }
    }

    /// Relays until it is told to stand still, or the relay is over.
    pub(super) fn run(
        self,
        counts: Counts,
        pause: CancellationToken,
    ) -> JoinHandle<Result<End, Self>> {
        tokio::spawn(async move {
            let Self {
                mut downstream,
                mut upstream,
                mut transit,
            } = self;
            let patience = Patience::default();
            let (d, u, t) = (&mut downstream, &mut upstream, &mut transit);
            match relay_on(d, u, t, &counts, &patience, &pause).await {
                Some(end) => Ok(end),
                None => Err(Self {
                    downstream,
                    upstream,
                    transit,
                }),
            }
        })
    }
}

/// A connection whose near end has little room for what it does not read.
async fn tight_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpSocket::new_v4().unwrap();
    near.set_recv_buffer_size(16 << 10).unwrap();
    let near = near.connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    (near, far)
}

pub(super) async fn standing() -> (TcpStream, Standing, TcpStream) {
    let (app, downstream) = tight_pair().await;
    let (server, upstream) = tight_pair().await;
    let standing = Standing {
        downstream,
        upstream,
        transit: Transit::default(),
    };
    (app, standing, server)
}
