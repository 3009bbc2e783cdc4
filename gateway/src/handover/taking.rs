//! What a gateway makes of a connection that it is given.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eastwest_daemon::{ConnectionInfo, Direction};
use eastwest_transport::relay::{Arrived, Counts, Piped, Transit, TransitError};
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use tokio::net::TcpStream;

use super::channel::{Channel, Received};
use super::frame::{Described, Frame};
use super::{HandoverError, Kept};
use crate::connection::talk;
use crate::route::Route;
use crate::serve::{Gateway, Relaying};

/// How long the other one may have nothing to say while its connections find their pods, beyond the time
/// that they may take.
const PAUSE: Duration = Duration::from_secs(30);

/// What comes when there are no more connections.
#[derive(Debug)]
pub(super) struct Last {
    /// How many stay with the other one.
    pub(super) staying: u64,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// Takes all that the other one gives, and counts it. Its last word is still to be answered. What was taken
/// stays, whatever becomes of the rest.
pub(super) fn take_connections(
    channel: &mut Channel,
    gateway: &Arc<Gateway>,
    connections: &mut u64,
) -> Result<Last, HandoverError> {
    channel.set_patience(PAUSE + gateway.dialling.longest())?;
    let mut batch: Vec<Option<Taken>> = Vec::new();
    loop {
        let Received { frame, descriptors } = channel.receive()?;
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
                goes_on(gateway)?;
                // Ours when this has been said, and not before: until then they are only dropped.
                channel.send(&Frame::Taken(taken), &[])?;
                for taken in batch.drain(..).flatten() {
                    *connections += 1;
                    taken.go_on(gateway);
                }
            }
            Frame::Done { staying } => {
                goes_on(gateway)?;
                return Ok(Last {
                    staying,
                    descriptors,
                });
            }
            _ => return Err(HandoverError::OutOfTurn),
        }
    }
}

/// Whoever ends takes nothing.
pub(super) fn goes_on(gateway: &Gateway) -> Result<(), HandoverError> {
    match gateway.shutdown.is_draining() {
        true => Err(HandoverError::Ending),
        false => Ok(()),
    }
}

/// A connection that was given, and cannot be gone on with here. It stays where it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("descriptors have run out: {had} of {needed} could be had")]
    Descriptors { had: usize, needed: usize },
    #[error("what came is no TCP connection")]
    NoConnection,
    #[error(transparent)]
    Transit(#[from] TransitError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A connection that can be gone on with here, once whoever gave it has heard so.
pub(super) struct Taken {
    relaying: Relaying,
    /// The server name that it came with, and what that is here.
    sni: Option<String>,
    route: Option<Route>,
}

impl Taken {
    /// Goes on with it: from here on it counts on its route.
    pub(super) fn go_on(self, gateway: &Arc<Gateway>) {
        let guard = &self.relaying.guard;
        match (&self.sni, &self.route) {
            (Some(sni), Some(route)) => guard.set_route(&route.name, sni),
            (Some(sni), None) => guard.set_asked(sni.as_str()),
            (None, _) => {}
        }
        let target = self.route.as_ref().map(|route| &route.target);
        guard.goes_on_relaying(&target.map(talk).unwrap_or_default());
        gateway.go_on(self.relaying);
    }
}

/// Makes a relay of what came.
pub(super) fn take(
    gateway: &Gateway,
    described: &Described,
    descriptors: Vec<OwnedFd>,
) -> Result<Taken, NotTaken> {
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
    let age = Duration::from_micros(described.age_micros);
    let counts = Counts::aged(age);
    for (count, before) in counts.shared().iter().zip(described.bytes) {
        count.store(before, Ordering::Relaxed);
    }
    let info = ConnectionInfo {
        direction: Direction::Passthrough,
        peer: described.peer,
        bytes: counts.shared(),
    };
    let guard = gateway.connections.go_on(described.id, info, age);
    if let Some(id) = described.connection_id {
        guard.set_connection_id(id);
    }
    guard.set_upstream(described.upstream);
    let sni = described.route.as_deref().map(str::to_owned);
    let route = sni.as_deref().and_then(|sni| gateway.route_of(sni));
    let host = || Some(route.as_ref()?.target.host.as_ref().into());
    let seat = gateway.ledger.readmit(described.peer.ip(), host);
    let relaying = Relaying {
        kept: Some(kept),
        counts,
        guard,
        seat,
    };
    Ok(Taken {
        relaying,
        sni,
        route,
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

#[cfg(test)]
mod tests;
