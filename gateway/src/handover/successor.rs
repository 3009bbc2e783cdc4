//! The new gateway: takes what the old one has, and goes on with it.

use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, ChannelError, Received};
use super::frame::{Frame, Hello, Offered};
use super::place::{Found, Place};
use super::taking::{Taken, take};
use super::{GATEWAY, HandoverError, PATIENCE, Predecessor, hello, understood};
use crate::exports::Unfit;
use crate::serve::Gateway;
use eastwest_daemon::{Context, Giver};

mod again;
#[cfg(test)]
mod tests;

use again::take_over;

/// How long the old one may have nothing to say while its connections find their pods, beyond the time
/// that they may take.
const PAUSE: Duration = Duration::from_secs(30);

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
    ) -> anyhow::Result<Self> {
        let mut gone = 0;
        let met = loop {
            let stream = match place.visit()? {
                Found::Nobody(door) => break Met::Nobody(door),
                Found::Somebody(stream) => stream,
            };
            let goes_on = |error: &dyn Display| {
                anyhow::anyhow!("the gateway at {place} goes on, and is not succeeded: {error}")
            };
            fit().map_err(|unfit| goes_on(&unfit))?;
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
                Err(error @ HandoverError::Channel(ChannelError::Gone)) => {
                    anyhow::bail!("nobody is succeeded at {place}: {error}")
                }
                Err(error) => return Err(goes_on(&error)),
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
                take_over(&place, old, &gateway, &context).await
            }
        };
        let Some(door) = door else { return };
        let next = Arc::new(Predecessor {
            gateway,
            context,
            door,
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
    /// taken stays, whatever becomes of the rest.
    fn succeed(mut self, gateway: &Arc<Gateway>) -> Option<UnixListener> {
        let process = self.hello.process;
        let mut connections = 0;
        let outcome = self.take_all(gateway, &mut connections);
        metrics::counter!(super::TAKEN_OVER).increment(connections);
        match &outcome {
            Ok((_, 0)) => tracing::info!(connections, "took over from process {process}"),
            Ok((_, staying)) => tracing::warn!(
                connections,
                staying,
                "took over from process {process}, which keeps some until they end, or its grace time is over"
            ),
            Err(HandoverError::Ending) => tracing::warn!(
                connections,
                "process {process} is not succeeded: this gateway ends itself"
            ),
            Err(error) => tracing::error!(
                connections,
                "the handover from process {process} broke off, and is tried again: {error}"
            ),
        }
        outcome.ok().map(|(door, _)| door)
    }

    fn take_all(
        &mut self,
        gateway: &Arc<Gateway>,
        connections: &mut u64,
    ) -> Result<(UnixListener, u64), HandoverError> {
        let stays = || {
            if gateway.shutdown.is_draining() {
                return Err(HandoverError::Ending);
            }
            Ok(())
        };
        stays()?;
        self.channel.send(&Frame::Ready, &[])?;
        self.channel
            .set_patience(PAUSE + gateway.dialling.longest())?;
        let mut batch: Vec<Option<Taken>> = Vec::new();
        loop {
            let Received {
                frame,
                mut descriptors,
            } = self.channel.receive()?;
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
                    stays()?;
                    // Ours when this has been said, and not before: until then they are only dropped.
                    self.channel.send(&Frame::Taken(taken), &[])?;
                    for taken in batch.drain(..).flatten() {
                        *connections += 1;
                        taken.go_on(gateway);
                    }
                }
                Frame::Done { staying } => {
                    let door = descriptors.pop().ok_or(HandoverError::Descriptors)?;
                    stays()?;
                    self.channel.send(&Frame::Farewell, &[])?;
                    return Ok((UnixListener::from(door), staying));
                }
                _ => return Err(HandoverError::OutOfTurn),
            }
        }
    }
}
