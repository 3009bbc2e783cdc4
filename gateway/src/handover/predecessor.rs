//! The old gateway: gives what it has to the one that comes.

use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eastwest_daemon::{Context, Giver};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::channel::Channel;
use super::frame::{Frame, Hello, Offered};
use super::giving::{give, give_all};
use super::greeting::{GREETINGS, greeted};
use super::place::caller;
use super::{HandoverError, PATIENCE, hello, understood};
use crate::serve::Gateway;

/// From the listening sockets to serving with them: manifests have been read before.
const START: Duration = Duration::from_secs(30);
/// Time between two words to a successor while connections are still on their way to their pods.
const WORD_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether more can be handed over.
const LOOK: Duration = Duration::from_millis(10);
/// Numbers of connections that may be accepted here after the new one has begun to count.
const NUMBERS: u64 = 1 << 16;
/// Beyond the time that a connection may take until it is relayed.
const SLACK: Duration = Duration::from_secs(1);

/// A gateway that can be succeeded.
pub(crate) struct Predecessor {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) context: Context,
    pub(crate) door: UnixListener,
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
        let door = loop {
            match self.listen() {
                Ok(door) => break door,
                // Descriptors have run out, maybe with what was just taken over: they come back.
                Err(error) => tracing::warn!(%error, "cannot hear a successor yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(SLACK) => {}
                () = self.context.shutdown.stop_accepting() => return,
            }
        };
        let mut greetings = JoinSet::new();
        loop {
            let come = tokio::select! {
                accepted = door.accept(), if greetings.len() < GREETINGS => accepted.map(|(stream, _)| {
                    greetings.spawn(greeted(stream));
                    None
                }),
                Some(greeted) = greetings.join_next() => Ok(greeted.ok().and_then(unless_it_fails)),
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
                    tokio::time::sleep(SLACK).await;
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

    fn listen(&self) -> std::io::Result<tokio::net::UnixListener> {
        let door = self.door.try_clone()?;
        door.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(door)
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
        channel.set_patience(START)?;
        expect(&channel, &Frame::Ready)?;
        channel.set_patience(PATIENCE)?;
        tracing::info!(
            connections = self.context.shutdown.open(),
            build = to.build,
            "process {} serves; connections are handed over to it",
            to.process
        );
        Handle::current().block_on(self.gateway.stop_accepting());
        let connections = self.give_connections(&channel)?;
        let staying = self.context.shutdown.open();
        let done = Frame::Done {
            staying: staying as u64,
        };
        channel.send(&done, &[self.door.as_fd()])?;
        if channel.receive_decision()?.frame != Frame::Farewell {
            return Err(HandoverError::OutOfTurn);
        }
        Ok(HandedOver {
            connections,
            staying,
            to,
            process: who.process,
        })
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

    /// Hands relays over until there are none that could be; how many that were. Connections that are
    /// still on their way to their pod come when they are there.
    fn give_connections(&self, channel: &Channel) -> Result<usize, HandoverError> {
        let until = Instant::now() + self.gateway.dialling.longest() + SLACK;
        let cohorts = &self.gateway.cohorts;
        // Whom another one did not take, or this one in a try that broke off.
        let mut left = Some(cohorts.recall_staying());
        let mut given = 0;
        let mut said = Instant::now();
        loop {
            for mut cohort in left.take().into_iter().chain(cohorts.recall()) {
                let mut parcels = Vec::new();
                // Ends when the last of them has said what it holds, or that it is over.
                while let Some(parcel) = cohort.blocking_recv() {
                    parcels.push(parcel);
                }
                given += give_all(channel, parcels)?;
            }
            let open = self.context.shutdown.open();
            if open <= cohorts.staying() || Instant::now() > until {
                return Ok(given);
            }
            // An empty batch: the other one has its own settings, and waits only so long for a word.
            if said.elapsed() > WORD_EVERY {
                give(channel, &[])?;
                said = Instant::now();
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn goes_on(error: &HandoverError) {
    tracing::warn!("no handover, this gateway goes on: {error}");
}

fn unless_it_fails(greeted: Result<UnixStream, HandoverError>) -> Option<UnixStream> {
    greeted.inspect_err(goes_on).ok()
}

fn expect(channel: &Channel, due: &Frame) -> Result<(), HandoverError> {
    match channel.receive()?.frame {
        said if said == *due => Ok(()),
        Frame::Refused(why) => Err(HandoverError::Refused(why)),
        _ => Err(HandoverError::OutOfTurn),
    }
}

#[cfg(test)]
mod tests;
