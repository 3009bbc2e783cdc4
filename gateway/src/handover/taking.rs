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

use super::Kept;
use super::frame::Described;
use crate::connection::talk;
use crate::route::Route;
use crate::serve::{Gateway, Relaying};

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
