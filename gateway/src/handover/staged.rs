//! For tests: a gateway that can be succeeded, with a connection, and the frames of whoever comes.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use eastwest_daemon::{ConnectionInfo, ConnectionState, Context, Direction, Giver};
use eastwest_transport::limits::Limits;
use eastwest_transport::relay::{Counts, Transit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, block_in_place, spawn_blocking};

use super::channel::{Channel, Received};
use super::door::Door;
use super::frame::{Described, Frame, Offered};
use super::place::{Found, Place};
use super::predecessor::HandedOver;
use super::{HandoverError, Kept, PATIENCE, Predecessor, hello};
use crate::serve::tests::gateway;
use crate::serve::{Gateway, Relaying};

/// A gateway that is to be succeeded, with one connection.
pub(super) struct Staged {
    pub(super) this: Arc<Predecessor>,
    pub(super) client: TcpStream,
    pub(super) pod: TcpStream,
}

pub(super) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await;
    (near.unwrap(), listener.accept().await.unwrap().0)
}

impl Staged {
    pub(super) async fn start() -> Self {
        let gateway = gateway(Limits::default());
        let mut context = Context::new();
        context.shutdown = gateway.shutdown.clone();
        context.connections = gateway.connections.clone();
        context.listeners.keep_for_successor();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        context
            .listeners
            .keep("gateway", &socket, Some(Giver::Supervisor));
        let place = format!("@eastwest-old-{:p}", Arc::as_ptr(&gateway));
        let place: Place = place.parse().unwrap();
        let Found::Nobody(door) = place.visit().unwrap() else {
            panic!("somebody at {place}");
        };
        let this = Arc::new(Predecessor {
            gateway,
            context,
            door: Door::new(place, door),
        });
        let (client, downstream) = pair().await;
        let (upstream, pod) = pair().await;
        this.gateway
            .go_on(relaying(&this.gateway, downstream, upstream));
        Self { this, client, pod }
    }

    /// Bytes pass both ways.
    pub(super) async fn carries(&mut self) {
        for _ in 0..3 {
            let mut heard = [0; 8];
            self.client.write_all(b"question").await.unwrap();
            self.pod.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"question");
            self.pod.write_all(b"answer..").await.unwrap();
            self.client.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"answer..");
        }
        assert_eq!(self.this.gateway.connections.len(), 1);
    }

    /// Somebody comes, and has said nothing yet.
    pub(super) fn meets(&self) -> (Channel, JoinHandle<Result<HandedOver, HandoverError>>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let this = Arc::clone(&self.this);
        let talk = spawn_blocking(move || this.hand_over(ours));
        (Channel::new(theirs, 4 * PATIENCE).unwrap(), talk)
    }

    /// A successor comes, and serves.
    pub(super) fn is_succeeded(&self) -> (Channel, JoinHandle<Result<HandedOver, HandoverError>>) {
        let (channel, talk) = self.meets();
        Self::serves(&channel);
        (channel, talk)
    }

    /// A successor comes by the door, and serves. What becomes of it is [`Predecessor::wait`]'s.
    pub(super) fn is_visited(&self) -> Channel {
        let door = self.this.door.listener().local_addr().unwrap();
        let stream = UnixStream::connect_addr(&door).unwrap();
        let channel = Channel::new(stream, 4 * PATIENCE).unwrap();
        Self::serves(&channel);
        channel
    }

    fn serves(channel: &Channel) {
        block_in_place(|| {
            channel.send(&hello(""), &[]).unwrap();
            assert!(matches!(said(channel), Frame::Hello(_)));
            let Received { frame, descriptors } = channel.receive().unwrap();
            let Frame::Listeners {
                offered, number, ..
            } = frame
            else {
                panic!("{frame:?}");
            };
            let name = "gateway".to_owned();
            let supervised = true;
            assert_eq!(offered, [Offered { name, supervised }]);
            assert_eq!(descriptors.len(), 1);
            assert!(number > 0);
            channel.send(&Frame::Ready, &[]).unwrap();
        });
    }
}

pub(super) fn relaying(gateway: &Gateway, downstream: TcpStream, upstream: TcpStream) -> Relaying {
    let counts = Counts::default();
    let peer: SocketAddr = ([127, 0, 0, 9], 9).into();
    let guard = gateway.connections.open(ConnectionInfo {
        direction: Direction::Passthrough,
        peer,
        bytes: counts.shared(),
    });
    guard.set_upstream(upstream.peer_addr().unwrap());
    guard.set_state(ConnectionState::Relaying);
    Relaying {
        kept: Some(Kept {
            downstream,
            upstream,
            transit: Transit::default(),
        }),
        counts,
        guard,
        seat: gateway.ledger.admit(peer.ip()).unwrap(),
    }
}

pub(super) fn said(channel: &Channel) -> Frame {
    channel.receive().unwrap().frame
}

/// The one connection as it is handed over.
pub(super) fn batch(channel: &Channel) -> (Described, Vec<OwnedFd>) {
    let Received { frame, descriptors } = channel.receive().unwrap();
    let Frame::Connection(described) = frame else {
        panic!("{frame:?}");
    };
    assert_eq!(said(channel), Frame::EndOfBatch);
    (*described, descriptors)
}
