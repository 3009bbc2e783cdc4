//! The new gateway: takes what the old one has, and goes on with it.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eastwest_daemon::{ConnectionInfo, ConnectionState, Context, Direction, Giver};
use eastwest_transport::relay::{Arrived, Counts, Piped, Transit, TransitError};
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use tokio::net::TcpStream;

use super::channel::{Channel, Received};
use super::frame::{Described, Frame, Hello};
use super::place::{Found, Place};
use super::{DOOR, HandoverError, Kept, PATIENCE, Predecessor, hello, understood};
use crate::serve::{Gateway, Relaying};

/// How long the old one may have nothing to say while its connections find their pods, beyond the time
/// that they may take.
const PAUSE: Duration = Duration::from_secs(30);

/// A place at which this gateway can be succeeded, and whom it succeeds itself.
#[derive(Debug)]
pub(crate) struct Succession {
    pub(crate) door: UnixListener,
    pub(crate) predecessor: Option<Old>,
}

/// A gateway that is to be succeeded.
#[derive(Debug)]
pub(crate) struct Old {
    channel: Channel,
    hello: Hello,
}

/// A connection that was given, and cannot be gone on with here. It stays where it was.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("descriptors have run out: {had} of {needed} could be had")]
    Descriptors { had: usize, needed: usize },
    #[error("what came is no TCP connection")]
    NoConnection,
    #[error(transparent)]
    Transit(#[from] TransitError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Succession {
    /// Goes to the place. If there is a gateway, its listening sockets are taken, and it is told that
    /// this one comes; it goes on as before until [`Old::succeed`].
    ///
    /// # Errors
    /// When the place cannot be used, or the gateway there does not give way.
    pub(crate) fn open(place: &Place, context: &Context) -> anyhow::Result<Self> {
        let stream = match place.visit()? {
            Found::Nobody(door) => {
                return Ok(Self {
                    door,
                    predecessor: None,
                });
            }
            Found::Somebody(stream) => stream,
        };
        Self::take(Channel::new(stream, PATIENCE)?, context).map_err(|error| {
            anyhow::anyhow!("the gateway at {place} goes on, and is not succeeded: {error}")
        })
    }

    /// Takes over, once this gateway serves, and waits to be succeeded itself.
    pub(crate) async fn run(self, gateway: Arc<Gateway>, context: Context, listener: TcpListener) {
        let Self { door, predecessor } = self;
        if let Some(old) = predecessor {
            context.started().await;
            let gateway = Arc::clone(&gateway);
            // A panic has been logged by the hook.
            let _ = tokio::task::spawn_blocking(move || old.succeed(&gateway)).await;
        }
        let next = Arc::new(Predecessor {
            gateway,
            context,
            door,
            listener,
        });
        if let Err(error) = next.wait().await {
            tracing::error!(%error, "this gateway cannot be succeeded");
        }
    }

    fn take(channel: Channel, context: &Context) -> Result<Self, HandoverError> {
        channel.send(&hello(context.supervisor.invocation()), &[])?;
        let hello = understood(channel.receive()?.frame)?;
        let Received { frame, descriptors } = channel.receive()?;
        let (names, number, watchdog) = match frame {
            Frame::Listeners {
                names,
                number,
                watchdog_micros,
            } => (names, number, Duration::from_micros(watchdog_micros)),
            Frame::Refused(why) => return Err(HandoverError::Refused(why)),
            _ => return Err(HandoverError::OutOfTurn),
        };
        if names.len() != descriptors.len() {
            return Err(HandoverError::OutOfTurn);
        }
        context.connections.number_from(number);
        if context.supervisor.is_of(&hello.invocation) {
            context.supervisor.has_watchdog(watchdog);
        }
        let mut door = None;
        for (name, socket) in names.into_iter().zip(descriptors) {
            if name == DOOR {
                door = Some(UnixListener::from(socket));
            } else {
                let socket = TcpListener::from(socket);
                context.listeners.give(name, socket, Giver::Predecessor);
            }
        }
        let door = door.ok_or(HandoverError::OutOfTurn)?;
        Ok(Self {
            door,
            predecessor: Some(Old { channel, hello }),
        })
    }
}

impl Old {
    /// Says that this gateway serves, and takes the connections. To be called where waiting is allowed,
    /// within a runtime. What was taken stays, whatever becomes of the rest.
    pub(crate) fn succeed(mut self, gateway: &Arc<Gateway>) {
        let process = self.hello.process;
        let mut connections = 0;
        let outcome = self.take_all(gateway, &mut connections);
        metrics::counter!("eastwest_gateway_taken_over_total").increment(connections);
        match outcome {
            Ok(0) => tracing::info!(connections, "took over from process {process}"),
            Ok(staying) => tracing::warn!(
                connections,
                staying,
                "took over from process {process}, which keeps some until they end, or its grace time is over"
            ),
            Err(error) => tracing::error!(
                connections,
                "the handover from process {process} broke off: {error}"
            ),
        }
    }

    fn take_all(
        &mut self,
        gateway: &Arc<Gateway>,
        connections: &mut u64,
    ) -> Result<u64, HandoverError> {
        self.channel.send(&Frame::Ready, &[])?;
        self.channel
            .set_patience(PAUSE + gateway.dialling.longest())?;
        let mut batch = Vec::new();
        loop {
            let Received { frame, descriptors } = self.channel.receive()?;
            match frame {
                Frame::Connection(described) => {
                    let taken = take(gateway, &described, descriptors);
                    if let Err(error) = &taken {
                        tracing::warn!(id = described.id, %error, "a connection stays where it is");
                    }
                    batch.push(taken.ok());
                }
                Frame::EndOfBatch => {
                    let taken = batch.iter().map(Option::is_some).collect();
                    // Ours when this has been said, and not before: until then they are only dropped.
                    self.channel.send(&Frame::Taken(taken), &[])?;
                    for relaying in batch.drain(..).flatten() {
                        *connections += 1;
                        gateway.go_on(relaying);
                    }
                }
                Frame::Done { staying } => {
                    self.channel.send(&Frame::Farewell, &[])?;
                    return Ok(staying);
                }
                _ => return Err(HandoverError::OutOfTurn),
            }
        }
    }
}

/// Makes a relay of what came.
fn take(
    gateway: &Gateway,
    described: &Described,
    descriptors: Vec<OwnedFd>,
) -> Result<Relaying, NotTaken> {
    let (had, needed) = (descriptors.len(), described.descriptors());
    if had != needed {
        return Err(NotTaken::Descriptors { had, needed });
    }
    let mut descriptors = descriptors.into_iter();
    let mut next = || descriptors.next().ok_or(NotTaken::NoConnection);
    let (downstream, upstream) = (connection(next()?)?, connection(next()?)?);
    let mut arrived = [Arrived::default(), Arrived::default()];
    for (arrived, way) in arrived.iter_mut().zip(&described.ways) {
        arrived.stage = way.stage;
        arrived.bytes.clone_from(&way.bytes);
        if let Some(held) = way.piped {
            arrived.pipe = Some(Piped {
                ends: [next()?, next()?],
                held: usize::try_from(held).map_err(|_| NotTaken::NoConnection)?,
            });
        }
    }
    let kept = Kept {
        downstream,
        upstream,
        transit: Transit::resumed(arrived)?,
    };
    let counts = Counts::default();
    for (count, before) in counts.shared().iter().zip(described.bytes) {
        count.store(before, Ordering::Relaxed);
    }
    let info = ConnectionInfo {
        direction: Direction::Passthrough,
        peer: described.peer,
        bytes: counts.shared(),
    };
    let age = Duration::from_micros(described.age_micros);
    let guard = gateway.connections.go_on(described.id, info, age);
    if let Some(route) = &described.route {
        guard.set_route(route.as_str());
    }
    guard.set_upstream(described.upstream);
    guard.set_state(ConnectionState::Relaying);
    let route = || gateway.route_of(described.route.as_deref()?);
    let seat = gateway.ledger.readmit(described.peer.ip(), route);
    Ok(Relaying {
        kept: Some(kept),
        counts,
        guard,
        seat,
    })
}

/// A TCP connection, whatever its state.
fn connection(socket: OwnedFd) -> Result<TcpStream, NotTaken> {
    let domain = socket_domain(&socket).map_err(std::io::Error::from)?;
    let kind = socket_type(&socket).map_err(std::io::Error::from)?;
    let internet = matches!(domain, AddressFamily::INET | AddressFamily::INET6);
    if !internet || kind != SocketType::STREAM {
        return Err(NotTaken::NoConnection);
    }
    let stream = std::net::TcpStream::from(socket);
    stream.set_nonblocking(true)?;
    Ok(TcpStream::from_std(stream)?)
}
