//! One inbound connection: caller accepted, app dialled, bytes carried.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;

use eastwest_daemon::{
    ConnectionGuard, ConnectionInfo, ConnectionState, Direction, Ended, Step, Talk, Weight,
};
use eastwest_transport::admission::{Leave, Place};
use eastwest_transport::dial::{DialError, Dialled, dial};
use eastwest_transport::limits::{Full, Seat};
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::{Counts, Leg, TlsLeg, relay_out_of_tls};
use eastwest_transport::socket::reset_on_close;
use eastwest_transport::spiffe::SpiffeId;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Inbound;
use super::accept::{AcceptError, Wish};

/// Where the app of this pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppAddress {
    /// The address that the caller reached: the pod's own. Not loopback, because there every caller
    /// would look local, and MySQL's `'user'@'localhost'` accounts would be open to the far cluster.
    Pod,
    /// An address that the user names.
    At(IpAddr),
}

/// Why a caller got nowhere.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Accept(#[from] AcceptError),
    #[error("{0}")]
    Full(#[from] Full),
    #[error("no complete TLS handshake within {0:?}")]
    Timeout(std::time::Duration),
    #[error(
        "no complete TLS handshake in two seconds, or no ClientHello in its share of them where many come from its \
             address, and others waited for the place"
    )]
    Crowded,
    #[error("the app at {0}")]
    Dial(DialError),
    #[error("the process was told to stop")]
    Stopped,
    #[error("the caller's connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("it asked how the app is, and was told")]
    Told,
}

impl Refused {
    fn reason(&self) -> Reason {
        match self {
            Self::Accept(error) => error.reason(),
            Self::Full(_) => Reason::TooManyConnections,
            Self::Timeout(_) => Reason::HandshakeTimeout,
            Self::Crowded => Reason::CrowdedOut,
            Self::Dial(error) => error.reason,
            Self::Stopped => Reason::Drained,
            Self::Io(_) => Reason::DownstreamReset,
            Self::Told => Reason::Finished,
        }
    }

    /// Health checks and port scans connect and say nothing; `eastwest doctor` ends as it should.
    fn weight(&self) -> Weight {
        match self {
            Self::Accept(error) if error.is_noise() => Weight::Noise,
            Self::Crowded | Self::Full(_) | Self::Told => Weight::Noise,
            _ => Weight::Failure,
        }
    }
}

impl Inbound {
    pub(super) async fn serve(self: Arc<Self>, tcp: TcpStream, peer: SocketAddr, place: Place) {
        let counts = Counts::default();
        let info = ConnectionInfo {
            direction: Direction::Inbound,
            peer,
            bytes: counts.shared(),
        };
        let guard = self.connections.open(info);
        let stop = self.shutdown.aborted_token();
        // Boxed, so that the handshake's state does not stay with the connection for its life.
        let (mut caller, mut app, _seat) = match Box::pin(self.open(tcp, peer, &guard, place)).await
        {
            Ok(legs) => legs,
            Err(refused) => {
                end(guard, refused.reason(), Some(&refused), refused.weight());
                return;
            }
        };
        let over = relay_out_of_tls(&mut caller, &mut app, &counts, &self.patience, &stop).await;
        drop((caller, app));
        let weight = if over.reason == Reason::Finished {
            Weight::Ordinary
        } else {
            Weight::Failure
        };
        end(guard, over.reason, over.error.as_ref(), weight);
    }

    /// Takes the caller to the app; the place that it was admitted with is free after that.
    async fn open(
        self: &Arc<Self>,
        mut tcp: TcpStream,
        caller: SocketAddr,
        guard: &ConnectionGuard,
        place: Place,
    ) -> Result<(TlsLeg, TcpStream, Seat), Refused> {
        let mut seat = self
            .ledger
            .admit(caller.ip())
            .inspect_err(|_| reset_on_close(&tcp))?;
        let pod = tcp.local_addr()?.ip().to_canonical();
        guard.set_state(ConnectionState::Handshake);
        let begun = Instant::now();
        let limit = self.handshake_timeout;
        let accepting = self.accept(&mut tcp, place.clock(), guard);
        let accepted = tokio::select! {
            biased;
            accepted = place.within(limit, accepting) => accepted,
            () = self.shutdown.aborted() => return Err(Refused::Stopped),
        };
        let accepted = accepted.map_err(|leave| match leave {
            Leave::Late => Refused::Timeout(limit),
            Leave::Wanted => {
                // Nothing of a crowd is to stay in the kernel either.
                reset_on_close(&tcp);
                Refused::Crowded
            }
        })??;
        place.proved();
        let now = Instant::now();
        self.timings.handshake(now - begun);
        guard.steps().take(Step::Handshake, now);
        let (port, peer) = (accepted.port, accepted.peer.clone());
        let route = port.to_string();
        guard.set_route(&route, &route);
        if let Some(peer) = &peer {
            guard.set_identity(peer.as_str());
        }
        let stream = match accepted.wish(tcp) {
            Wish::App(stream) => stream,
            Wish::Word(talk) => {
                self.tell(talk, (pod, port)).await?;
                return Err(Refused::Told);
            }
        };
        seat.on_route(&route)
            .inspect_err(|_| stream.reset_on_close())?;
        guard.set_state(ConnectionState::Dialling);
        let begun = Instant::now();
        let dialled = tokio::select! {
            biased;
            dialled = self.dial_app(pod, port) => dialled.map_err(Refused::Dial),
            () = self.shutdown.aborted() => Err(Refused::Stopped),
        };
        // A reset, so that the far app sees an error and not the end of a stream.
        let app = dialled.inspect_err(|_| stream.reset_on_close())?;
        let now = Instant::now();
        self.timings.dial(now - begun);
        guard.steps().take(Step::Connect, now);
        guard.set_upstream(app.address);
        let own = self.acceptance.identity.current().ok();
        guard.relays(&Talk {
            source_principal: peer.as_ref().map(SpiffeId::as_str),
            destination_principal: own.as_ref().map(|identity| identity.id().as_str()),
            // Under which name it was called only the caller knows.
            destination_service: None,
        });
        Ok((stream, app.stream, seat))
    }

    async fn dial_app(&self, pod: IpAddr, port: NonZeroU16) -> Result<Dialled, DialError> {
        let address = match self.app {
            AppAddress::Pod => pod,
            AppAddress::At(address) => address,
        };
        let deadline = Instant::now() + self.connect_timeout;
        dial(&[address], port.get(), deadline, &self.sockets).await
    }
}

fn end(guard: ConnectionGuard, reason: Reason, error: Option<&impl Display>, weight: Weight) {
    let error = error.map(|error| error as &dyn Display);
    guard.end(&Ended {
        reason: reason.as_str(),
        error,
        weight,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use eastwest_transport::client_hello::ReadHelloError;

    fn future_size<S, T, U, V, F>(_: impl Fn(S, T, U, V) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn the_task_of_a_connection_stays_small() {
        let size = future_size(Inbound::serve);
        assert!(size <= 3072, "{size} bytes for each connection");
    }

    #[test]
    fn health_checks_are_noise_and_mistakes_are_not() {
        let silent = AcceptError::from(ReadHelloError::Closed { read: 0 });
        let silent = Refused::Accept(silent);
        assert_eq!(silent.weight(), Weight::Noise);
        let nameless = Refused::Accept(AcceptError::NoSni);
        assert_eq!(nameless.weight(), Weight::Failure);
    }
}
