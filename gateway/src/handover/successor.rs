//! The new gateway: takes what the old one has, and goes on with it.

use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use eastwest_daemon::{Context, Giver, KeptListener};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::channel::{Channel, Received};
use super::frame::{Frame, Hello, Offered};
use super::place::{Found, Place};
use super::taking::take;
use super::{HandoverError, PATIENCE, Predecessor, hello, understood};
use crate::exports::Unfit;
use crate::serve::Gateway;

#[cfg(test)]
mod tests;

/// How long the old one may have nothing to say while its connections find their pods, beyond the time
/// that they may take.
const PAUSE: Duration = Duration::from_secs(30);
/// Time until a handover that has broken off is tried again; doubled each time.
const AGAIN: Duration = Duration::from_secs(1);
/// The most that grows to. Each try has a few connections stand still for some milliseconds; and where
/// the old one dies meanwhile, nobody can be met at the place until the next.
const SELDOM: Duration = Duration::from_secs(5);

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
    /// When the place cannot be used, there is a gateway and this one is not `fit` to follow it, or it does not
    /// give way.
    pub(crate) fn open(
        place: Place,
        context: &Context,
        fit: impl FnOnce() -> Result<(), Unfit>,
    ) -> anyhow::Result<Self> {
        let met = match place.visit()? {
            Found::Nobody(door) => Met::Nobody(door),
            Found::Somebody(stream) => {
                let goes_on = |error: &dyn Display| {
                    anyhow::anyhow!("the gateway at {place} goes on, and is not succeeded: {error}")
                };
                fit().map_err(|unfit| goes_on(&unfit))?;
                let old = Old::meet(stream, context).and_then(|old| {
                    old.take_listeners(context)?;
                    Ok(Met::Somebody(old))
                });
                old.map_err(|error| goes_on(&error))?
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

/// Takes over, as often as it takes: two gateways that both can be succeeded would never be one again.
/// None where this one ends before.
async fn take_over(
    place: &Place,
    mut old: Old,
    gateway: &Arc<Gateway>,
    context: &Context,
) -> Option<UnixListener> {
    let process = old.hello.process;
    let mut pause = AGAIN;
    loop {
        let this = Arc::clone(gateway);
        // A panic has been logged by the hook.
        if let Ok(Some(door)) = spawn_blocking(move || old.succeed(&this)).await {
            return Some(door);
        }
        old = loop {
            if context.shutdown.is_draining() {
                return None;
            }
            let stop = context.shutdown.stop_accepting_token();
            stop.run_until_cancelled(sleep(pause)).await?;
            pause = SELDOM.min(pause * 2);
            let (there, us) = (place.clone(), context.clone());
            match spawn_blocking(move || visit_again(&there, process, &us)).await {
                Ok(Ok(Met::Somebody(old))) => break old,
                Ok(Ok(Met::Nobody(door))) => {
                    tracing::info!(
                        "no gateway answers at {place} any more; this is the one to be succeeded"
                    );
                    return Some(door);
                }
                Ok(Err(error)) => tracing::warn!(
                    again_seconds = pause.as_secs(),
                    "the handover does not go on yet: {error:#}"
                ),
                Err(_) => {}
            }
        };
    }
}

/// Whoever is at the place now. The listening sockets have been taken before; another one that has others
/// would leave them to nobody. The one of before may have had more than this one was to listen on.
fn visit_again(place: &Place, before: u32, context: &Context) -> anyhow::Result<Met> {
    let old = match place.visit()? {
        Found::Nobody(door) => return Ok(Met::Nobody(door)),
        Found::Somebody(stream) => Old::meet(stream, context)?,
    };
    let Received { frame, descriptors } = old.listeners()?;
    let process = old.hello.process;
    // In containers each may be number 1, and nobody can tell whether it is the same.
    let same = process == before && process != std::process::id();
    let ours: Vec<_> = context.listeners.kept().iter().map(address).collect();
    for socket in descriptors.into_iter().map(TcpListener::from) {
        let at = socket.local_addr()?;
        anyhow::ensure!(
            same || ours.contains(&Some(at)),
            "process {process} has come meanwhile, and listens on {at}, which this one does not: \
             it stays the one to be succeeded. End this one (SIGTERM) to have one again"
        );
    }
    if process != before {
        tracing::warn!(
            "process {process} has come meanwhile: this older one succeeds it, so that no connection is cut; \
             start the newer one again"
        );
    }
    if let Frame::Listeners { number, .. } = frame {
        context.connections.number_from(number);
    }
    Ok(Met::Somebody(old))
}

fn address(kept: &KeptListener) -> Option<SocketAddr> {
    kept.socket.local_addr().ok()
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

    fn take_listeners(&self, context: &Context) -> Result<(), HandoverError> {
        let Received { frame, descriptors } = self.listeners()?;
        let Frame::Listeners {
            offered,
            number,
            watchdog_micros,
        } = frame
        else {
            return Err(HandoverError::OutOfTurn);
        };
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
            context
                .listeners
                .give(name, TcpListener::from(socket), giver);
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
        let mut batch = Vec::new();
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
                    for relaying in batch.drain(..).flatten() {
                        *connections += 1;
                        gateway.go_on(relaying);
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
