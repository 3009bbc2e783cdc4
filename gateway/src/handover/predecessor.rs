//! The old gateway: gives what it has to the one that comes.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use eastwest_daemon::{Context, Giver, LOOK_EVERY};
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::channel::Channel;
use super::door::Door;
use super::frame::{Frame, Hello, Offered};
use super::giving::give_connections;
use super::greeting::{GREETINGS, greeted};
use super::place::caller;
use super::taking::take_connections;
use super::unheard::Unheard;
use super::{HandoverError, PATIENCE, hello, understood};
use crate::serve::Gateway;

/// From the listening sockets to serving with them: manifests have been read before.
const START: Duration = Duration::from_secs(30);
/// Numbers of connections that may be accepted here after the new one has begun to count.
const NUMBERS: u64 = 1 << 16;
/// Time until it is tried again to hear a successor.
const PAUSE: Duration = Duration::from_secs(1);

/// A gateway that can be succeeded.
pub(crate) struct Predecessor {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) context: Context,
    pub(crate) door: Door,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct HandedOver {
    pub(super) connections: usize,
    pub(super) staying: usize,
    to: Hello,
    process: Option<u32>,
}

impl Predecessor {
    /// Waits for a successor until this process does not accept any more.
    pub(crate) async fn wait(self: Arc<Self>) {
        let Some(mut door) = self.opened().await else {
            return;
        };
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut greetings = JoinSet::new();
        let mut unheard = Unheard::default();
        loop {
            let come = tokio::select! {
                accepted = door.accept(), if greetings.len() < GREETINGS => accepted.map(|(stream, _)| {
                    greetings.spawn(greeted(stream));
                    None
                }),
                Some(greeted) = greetings.join_next() => Ok(match greeted {
                    Ok(Ok(stream)) => Some(stream),
                    Ok(Err(error)) => {
                        unheard.add(error).into_iter().for_each(warn);
                        None
                    }
                    // A panic has been logged by the hook.
                    Err(_) => None,
                }),
                _ = looks.tick() => {
                    unheard.summary().into_iter().for_each(warn);
                    if self.is_made_anew().await {
                        match self.opened().await {
                            Some(anew) => door = anew,
                            None => return,
                        }
                    }
                    Ok(None)
                }
                () = self.context.shutdown.stop_accepting() => return,
            };
            let ends = come.and_then(|stream| match stream {
                Some(stream) => Ok(Some((stream.try_clone()?, stream))),
                None => Ok(None),
            });
            let (stream, line) = match ends {
                Ok(Some(ends)) => ends,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(%error, "cannot hear a successor");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let this = Arc::clone(&self);
            // It waits for the other process, and for nothing of this one but relays that stop.
            let mut handing_over = tokio::task::spawn_blocking(move || this.hand_over(stream));
            let outcome = tokio::select! {
                outcome = &mut handing_over => outcome,
                () = self.context.shutdown.aborted() => {
                    // What the other one has not said to have until now it cannot say any more, and what
                    // stands still for it is reset like everything else.
                    let _ = line.shutdown(Shutdown::Both);
                    handing_over.await
                }
            };
            match outcome {
                Ok(Ok(done)) => {
                    self.leave(&done).await;
                    return;
                }
                Ok(Err(error)) => goes_on(&error),
                // A panic has been logged by the hook.
                Err(_) => {}
            }
            self.gateway.accept_again();
        }
    }

    /// The socket, to be listened at; none where nobody is to come any more.
    async fn opened(&self) -> Option<UnixListener> {
        loop {
            match self.open() {
                Ok(door) => return Some(door),
                // Descriptors have run out, maybe with what was just taken over: they come back.
                Err(error) => tracing::warn!(%error, "cannot hear a successor yet"),
            }
            let stop = self.context.shutdown.stop_accepting_token();
            stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await?;
        }
    }

    fn open(&self) -> std::io::Result<UnixListener> {
        let door = self.door.listener().try_clone()?;
        door.set_nonblocking(true)?;
        UnixListener::from_std(door)
    }

    /// Whether the socket was lost, and is another one now.
    async fn is_made_anew(self: &Arc<Self>) -> bool {
        if self.context.shutdown.is_draining() || !self.door.is_to_be_made() {
            return false;
        }
        let this = Arc::clone(self);
        let made = tokio::task::spawn_blocking(move || this.door.make());
        // A panic has been logged by the hook.
        made.await.unwrap_or(false)
    }

    /// Ends this process: another one goes on.
    async fn leave(&self, done: &HandedOver) {
        let Context {
            listeners,
            shutdown,
            supervisor,
            ..
        } = &self.context;
        let to = done.to.process;
        tracing::info!(
            connections = done.connections,
            staying = done.staying,
            build = done.to.build,
            "handed over to process {to}"
        );
        listeners.retire();
        if let Some(process) = done.process
            && supervisor.is_of(&done.to.invocation)
        {
            supervisor.succeeded_by(process).await;
        }
        shutdown.request_drain(false, format!("process {to} goes on"));
    }

    pub(super) fn hand_over(&self, stream: UnixStream) -> Result<HandedOver, HandoverError> {
        let who = caller(&stream)?;
        let mut channel = Channel::new(stream, PATIENCE)?;
        if !who.is_ours() {
            channel.close();
            return Err(HandoverError::Refused(
                "a process of another user came".to_owned(),
            ));
        }
        let theirs = channel.receive()?.frame;
        channel.send(&hello(self.context.supervisor.invocation()), &[])?;
        let to = understood(theirs)?;
        if self.context.shutdown.is_draining() {
            let why = "it is draining, and ends by itself";
            channel.send(&Frame::Refused(why.to_owned()), &[])?;
            return Err(HandoverError::Refused(why.to_owned()));
        }
        self.give_listeners(&channel)?;
        match self.give_all(&mut channel, &to) {
            Ok((connections, staying)) => Ok(HandedOver {
                connections,
                staying,
                to,
                process: who.process,
            }),
            Err(HandoverError::Back) => Err(self.take_back(&mut channel, &to)),
            Err(error) => Err(error),
        }
    }

    /// Gives it the connections, and the socket at which gateways meet; how many, and how many stay.
    fn give_all(&self, channel: &mut Channel, to: &Hello) -> Result<(usize, usize), HandoverError> {
        channel.set_patience(START)?;
        expect(channel.receive()?.frame, &Frame::Ready)?;
        channel.set_patience(PATIENCE)?;
        tracing::info!(
            connections = self.context.shutdown.open(),
            build = to.build,
            "process {} serves; connections are handed over to it",
            to.process
        );
        let connections = give_connections(channel, &self.gateway)?;
        let staying = self.context.shutdown.open();
        let done = Frame::Done {
            staying: staying as u64,
        };
        channel.send(&done, &[self.door.listener().as_fd()])?;
        expect(channel.receive_decision()?.frame, &Frame::Farewell)?;
        Ok((connections, staying))
    }

    /// Takes what a successor has, which ends itself; what has come of the handover.
    fn take_back(&self, channel: &mut Channel, from: &Hello) -> HandoverError {
        let mut connections = 0;
        let taken = take_connections(channel, &self.gateway, &mut connections)
            .and_then(|_| Ok(channel.send(&Frame::Farewell, &[])?));
        metrics::counter!(super::TAKEN_OVER).increment(connections);
        HandoverError::TakenBack {
            process: from.process,
            connections,
            broke_off: taken.err().map(Box::new),
        }
    }

    fn give_listeners(&self, channel: &Channel) -> Result<(), HandoverError> {
        let kept = self.context.listeners.kept();
        let offered = kept.iter().map(|kept| Offered {
            name: kept.name.to_owned(),
            supervised: kept.giver.is_some_and(Giver::is_supervisor),
        });
        let sockets: Vec<_> = kept.iter().map(|kept| kept.socket.as_fd()).collect();
        let number = self.context.connections.next_number() + NUMBERS;
        let watchdog = self.context.supervisor.watchdog().unwrap_or_default();
        let listeners = Frame::Listeners {
            offered: offered.collect(),
            // Not those that are being refused: no limit counts them.
            open: self.gateway.ledger.open() as u64,
            number,
            watchdog_micros: u64::try_from(watchdog.as_micros()).unwrap_or(0),
        };
        Ok(channel.send(&listeners, &sockets)?)
    }
}

fn warn(line: String) {
    tracing::warn!("{line}");
}

fn goes_on(error: &HandoverError) {
    tracing::warn!("no handover, this gateway goes on: {error}");
}

fn expect(said: Frame, due: &Frame) -> Result<(), HandoverError> {
    match said {
        said if said == *due => Ok(()),
        Frame::Back => Err(HandoverError::Back),
        Frame::Refused(why) => Err(HandoverError::Refused(why)),
        _ => Err(HandoverError::OutOfTurn),
    }
}

#[cfg(test)]
mod tests;
