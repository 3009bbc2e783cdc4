//! The new gateway: takes what the old one has, and goes on with it.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, ChannelError, Received};
use super::door::Door;
use super::frame::{Frame, Hello, Offered};
use super::giving::give_connections;
use super::place::{Found, Place};
use super::refused::NotSucceeded;
use super::taking::{goes_on, take_connections};
use super::{GATEWAY, HandoverError, PATIENCE, Predecessor, hello, understood};
use crate::exports::Unfit;
use crate::serve::Gateway;
use eastwest_daemon::{Context, Giver};

mod again;
mod lost;
#[cfg(test)]
mod tests;

use again::take_over;
use lost::wait_for_socket;

/// How often a gateway may go away that has just been met, for another that came first.
const TIMES_GONE: usize = 2;

/// A place at which this gateway can be succeeded, and whom it succeeds itself.
#[derive(Debug)]
pub(crate) struct Succession {
    place: Place,
    met: Met,
}

/// Who was at the place.
#[derive(Debug)]
enum Met {
    /// Nobody: whoever comes is to find this gateway.
    Nobody(UnixListener),
    Somebody(Old),
}

/// A gateway that is to be succeeded.
#[derive(Debug)]
struct Old {
    channel: Channel,
    hello: Hello,
}

/// What came of a try to succeed it.
#[derive(Debug)]
enum Outcome {
    /// This gateway is the one to be succeeded from now on, here.
    Followed(UnixListener),
    /// Each has what it has taken.
    BrokeOff,
    /// This gateway ends itself, and the old one has taken back what it could.
    GaveBack,
}

impl Succession {
    /// Goes to the place. If there is a gateway, its listening sockets are taken, and it is told that
    /// this one comes; it goes on as before until [`run`](Self::run).
    ///
    /// # Errors
    /// When the place cannot be used, or there is a gateway, and this one is not `fit` to follow it, is to `listen`
    /// elsewhere, may have fewer connections (`most`) than are open there, or it does not give way.
    pub(crate) fn open(
        place: Place,
        listen: SocketAddr,
        most: Option<NonZeroUsize>,
        context: &Context,
        fit: impl Fn() -> Result<(), Unfit>,
    ) -> Result<Self, NotSucceeded> {
        wait_for_socket(&place, listen, context);
        let mut gone = 0;
        let met = loop {
            let stream = match place.visit()? {
                Found::Nobody(door) => break Met::Nobody(door),
                Found::Somebody(stream) => stream,
            };
            fit().map_err(|why| NotSucceeded::Unfit {
                place: place.clone(),
                why,
            })?;
            let old = Old::meet(stream, context).and_then(|old| {
                old.take_listeners(listen, most, context)?;
                Ok(Met::Somebody(old))
            });
            match old {
                Ok(met) => break met,
                // It was on the point of being succeeded by another one, which is at the place now.
                Err(HandoverError::Channel(ChannelError::Gone)) if gone < TIMES_GONE => {
                    gone += 1;
                    tracing::warn!("the gateway at {place} has gone; looking again who is there");
                }
                Err(why) => return Err(NotSucceeded::by(&place, why)),
            }
        };
        Ok(Self { place, met })
    }

    /// Takes over, once this gateway serves, and waits to be succeeded itself.
    pub(crate) async fn run(self, gateway: Arc<Gateway>, context: Context) {
        let Self { place, met } = self;
        let door = match met {
            Met::Nobody(door) => Some(door),
            Met::Somebody(old) => {
                context.started().await;
                let door = take_over(&place, old, &gateway, &context).await;
                if door.is_some() {
                    context.supervisor.follows(false);
                }
                door
            }
        };
        let Some(door) = door else { return };
        let next = Arc::new(Predecessor {
            gateway,
            context,
            door: Door::new(place, door),
        });
        next.wait().await;
    }
}

impl Old {
    /// Greets it.
    fn meet(stream: UnixStream, context: &Context) -> Result<Self, HandoverError> {
        let channel = Channel::new(stream, PATIENCE)?;
        channel.send(&hello(context.supervisor.invocation()), &[])?;
        let hello = understood(channel.receive()?.frame)?;
        Ok(Self { channel, hello })
    }

    /// Hears where it listens.
    fn listeners(&self) -> Result<Received, HandoverError> {
        let received = self.channel.receive()?;
        match received.frame {
            Frame::Listeners { ref offered, .. } if offered.len() == received.descriptors.len() => {
                Ok(received)
            }
            Frame::Listeners { .. } => Err(HandoverError::Descriptors),
            Frame::Refused(why) => Err(HandoverError::Refused(why)),
            _ => Err(HandoverError::OutOfTurn),
        }
    }

    fn take_listeners(
        &self,
        listen: SocketAddr,
        most: Option<NonZeroUsize>,
        context: &Context,
    ) -> Result<(), HandoverError> {
        let Received { frame, descriptors } = self.listeners()?;
        let Frame::Listeners {
            offered,
            open,
            number,
            watchdog_micros,
        } = frame
        else {
            return Err(HandoverError::OutOfTurn);
        };
        if let Some(most) = most.map(NonZeroUsize::get)
            && open > most as u64
        {
            return Err(HandoverError::TooSmall { open, most });
        }
        context.connections.number_from(number);
        if context.supervisor.is_of(&self.hello.invocation) {
            let watchdog = Duration::from_micros(watchdog_micros);
            context.supervisor.has_watchdog(watchdog);
            context.supervisor.follows(true);
        }
        for (Offered { name, supervised }, socket) in offered.into_iter().zip(descriptors) {
            let giver = if supervised {
                Giver::SupervisorBefore
            } else {
                Giver::Predecessor
            };
            let socket = TcpListener::from(socket);
            let at = socket.local_addr()?;
            let is_ours = name == GATEWAY;
            context.listeners.give(name, socket, giver);
            if is_ours && !context.listeners.has(GATEWAY, listen) {
                return Err(HandoverError::Elsewhere {
                    old: at,
                    new: listen,
                });
            }
        }
        Ok(())
    }

    /// Says that this gateway serves, and takes the connections; then the socket at which gateways meet,
    /// if nothing has broken off. To be called where waiting is allowed, within a runtime. What was
    /// taken stays, whatever becomes of the rest, unless this gateway ends itself meanwhile: then it gives
    /// back what it has.
    fn succeed(mut self, gateway: &Arc<Gateway>) -> Outcome {
        let process = self.hello.process;
        let mut connections = 0;
        let outcome = self.take_all(gateway, &mut connections);
        metrics::counter!(super::TAKEN_OVER).increment(connections);
        match outcome {
            Ok((door, staying)) => {
                if staying == 0 {
                    tracing::info!(connections, "took over from process {process}");
                } else {
                    tracing::warn!(
                        connections,
                        staying,
                        "took over from process {process}, which keeps some until they end, or its grace time is over"
                    );
                }
                Outcome::Followed(door)
            }
            Err(HandoverError::Ending) => self.end(gateway),
            Err(error) => {
                tracing::error!(
                    connections,
                    "the handover from process {process} broke off, and is tried again: {error}"
                );
                Outcome::BrokeOff
            }
        }
    }

    fn take_all(
        &mut self,
        gateway: &Arc<Gateway>,
        connections: &mut u64,
    ) -> Result<(UnixListener, u64), HandoverError> {
        goes_on(gateway)?;
        self.channel.send(&Frame::Ready, &[])?;
        let mut last = take_connections(&mut self.channel, gateway, connections)?;
        let door = last.descriptors.pop().ok_or(HandoverError::Descriptors)?;
        self.channel.send(&Frame::Farewell, &[])?;
        Ok((UnixListener::from(door), last.staying))
    }

    /// Gives back what this gateway has, which ends itself, so that nobody is reset for it.
    fn end(self, gateway: &Gateway) -> Outcome {
        let process = self.hello.process;
        // Whoever is to end at once resets what there is.
        if gateway.shutdown.is_aborted() {
            return Outcome::BrokeOff;
        }
        match self.give_back(gateway) {
            Ok(connections) => {
                let staying = gateway.shutdown.open();
                tracing::info!(
                    connections,
                    staying,
                    "process {process} is not succeeded and goes on: this gateway ends itself, and has given back what it had"
                );
                Outcome::GaveBack
            }
            Err(error) => {
                tracing::warn!(
                    connections = gateway.shutdown.open(),
                    "process {process} does not take back what this gateway has, which ends itself: {error}"
                );
                // For as long as load balancers may take to notice.
                gateway.accept_again();
                Outcome::BrokeOff
            }
        }
    }

    fn give_back(mut self, gateway: &Gateway) -> Result<usize, HandoverError> {
        self.channel.set_patience(PATIENCE)?;
        self.channel.send(&Frame::Back, &[])?;
        let connections = give_connections(&self.channel, gateway)?;
        let staying = gateway.shutdown.open() as u64;
        self.channel.send(&Frame::Done { staying }, &[])?;
        match self.channel.receive()?.frame {
            Frame::Farewell => Ok(connections),
            _ => Err(HandoverError::OutOfTurn),
        }
    }
}
