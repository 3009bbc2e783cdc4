//! What all connections share, and the life of each. How they come is in `accepting`.

mod accepting;

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{
    ConnectionGuard, ConnectionInfo, ConnectionState, Connections, Direction, Ended, Shutdown,
    Weight,
};
use eastwest_mesh::Exports;
use eastwest_transport::admission::Place;
use eastwest_transport::limits::{Ledger, Seat};
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::{Counts, End, Patience, Transit, cut, relay_on};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::connection::{Connected, Dialling, route, talk};
use crate::handover::{Answer, Cohort, Cohorts, Kept};
use crate::probe::Answers;
use crate::refusal::Refusal;
use crate::route::Route;

/// What all connections of a gateway share.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// Replaced as a whole on reload; a connection is routed once.
    pub(crate) exports: ArcSwap<Exports>,
    /// Who may ask what is seen of a route; nobody without it.
    pub(crate) prober: Option<Box<dyn Answers>>,
    pub(crate) dialling: Dialling,
    pub(crate) patience: Patience,
    pub(crate) ledger: Ledger,
    pub(crate) connections: Connections,
    pub(crate) shutdown: Shutdown,
    pub(crate) cohorts: Cohorts,
    /// Whether nothing is accepted while a successor is given what there is.
    pub(crate) held: watch::Sender<bool>,
    /// Whether there is somebody who accepts, held or not.
    pub(crate) accepting: watch::Sender<bool>,
}

/// A connection both of whose ends are there.
#[derive(Debug)]
pub(crate) struct Relaying {
    pub(crate) kept: Option<Kept>,
    pub(crate) counts: Counts,
    pub(crate) guard: ConnectionGuard,
    pub(crate) seat: Seat,
}

impl Gateway {
    /// Where connections of this server name go now.
    pub(crate) fn route_of(&self, sni: &str) -> Option<Route> {
        Route::of(sni, &self.exports.load()).ok()
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn holds its arguments twice, for as long as the connection lives"
    )]
    fn serve(
        self: Arc<Self>,
        mut downstream: TcpStream,
        peer: SocketAddr,
        place: Place,
    ) -> impl Future<Output = ()> {
        async move {
            let counts = Counts::default();
            let info = ConnectionInfo {
                direction: Direction::Passthrough,
                peer,
                bytes: counts.shared(),
            };
            let guard = self.connections.open(info);
            let stop = self.shutdown.aborted_token();
            // Boxed: what it takes to find the pod is gone once bytes pass, and an idle connection is
            // as small as its relay.
            let opened = tokio::select! {
                biased;
                opened = Box::pin(self.open(&mut downstream, peer, &guard, place)) => opened,
                () = stop.cancelled() => Err(Refusal::Stopped),
            };
            // The seat is held for as long as the connection lives.
            let (
                Connected {
                    upstream,
                    address,
                    replayed,
                },
                _seat,
            ) = match opened {
                Ok(connected) => connected,
                Err(refusal) => {
                    refusal.tell(&mut downstream).await;
                    drop(downstream);
                    let weight = if refusal.is_noise() {
                        Weight::Noise
                    } else {
                        Weight::Failure
                    };
                    end(guard, refusal.reason(), Some(&refusal), weight);
                    return;
                }
            };
            counts.add_to_upstream(replayed);
            guard.set_upstream(address);
            let mut kept = Some(Kept {
                downstream,
                upstream,
                transit: Transit::default(),
            });
            let over = self.relay(&mut kept, &counts, &guard).await;
            drop(kept);
            tell(guard, over);
        }
    }

    /// Goes on with a connection of another process.
    pub(crate) fn go_on(self: &Arc<Self>, mut relaying: Relaying) {
        let this = Arc::clone(self);
        self.shutdown.spawn(async move {
            let (kept, counts) = (&mut relaying.kept, &relaying.counts);
            let over = this.relay(kept, counts, &relaying.guard).await;
            drop(relaying.kept);
            // Named, as the block has only what it names: held for as long as the connection lives.
            drop(relaying.seat);
            tell(relaying.guard, over);
        });
    }

    /// Relays until the connection is over, or another process has it: nothing is kept of it then, and
    /// there is no end.
    #[expect(clippy::manual_async_fn, reason = "as `serve`")]
    fn relay(
        &self,
        kept: &mut Option<Kept>,
        counts: &Counts,
        guard: &ConnectionGuard,
    ) -> impl Future<Output = Option<End>> {
        async move {
            let mut cohort = self.cohorts.join(guard.id());
            while let Some(relay) = kept {
                let over = relay_on(
                    &mut relay.downstream,
                    &mut relay.upstream,
                    &mut relay.transit,
                    counts,
                    &self.patience,
                    &cohort.pause,
                )
                .await;
                if over.is_some() {
                    return over;
                }
                if self.shutdown.is_aborted() {
                    return Some(cut(&relay.downstream, &relay.upstream));
                }
                cohort = Box::pin(self.part(cohort, kept, guard)).await;
            }
            None
        }
    }

    /// Has a relay that stands still handed over, or takes it back. Boxed by its caller: an idle
    /// connection is none of those.
    async fn part(
        &self,
        cohort: Arc<Cohort>,
        kept: &mut Option<Kept>,
        guard: &ConnectionGuard,
    ) -> Arc<Cohort> {
        let Some(relay) = kept.take().map(Box::new) else {
            return cohort;
        };
        let answer = match cohort.leave(relay, guard.record()) {
            // Nobody answers where the one who had it has panicked: it is gone with him.
            Ok(answer) => answer.await.unwrap_or(Answer::HandedOver),
            Err(relay) => Answer::Back(relay),
        };
        match answer {
            Answer::HandedOver => self.cohorts.stay(),
            Answer::Back(relay) => {
                *kept = Some(*relay);
                self.cohorts.join(guard.id())
            }
            Answer::Stays(relay) => {
                *kept = Some(*relay);
                self.cohorts.stay()
            }
        }
    }

    /// Takes the connection to its pod; the place that it was admitted with is free after that.
    async fn open(
        &self,
        downstream: &mut TcpStream,
        peer: SocketAddr,
        guard: &ConnectionGuard,
        place: Place,
    ) -> Result<(Connected, Seat), Refusal> {
        let mut seat = self.ledger.admit(peer.ip())?;
        guard.set_state(ConnectionState::Handshake);
        let steps = guard.steps();
        let greeted = self.dialling.greet(downstream, &place, steps).await?;
        if let Some(prober) = &self.prober
            && greeted.is_question()
        {
            prober.answer(self, downstream, greeted, &place).await?;
            return Err(Refusal::Told);
        }
        place.proved();
        if let Some(id) = greeted.id() {
            guard.set_connection_id(id.get());
        }
        let routed = route(&greeted, &self.exports.load());
        match (greeted.sni(), &routed) {
            (Some(sni), Ok(route)) => guard.set_route(&route.name, sni),
            // Whoever asks for what is not exported makes no route by it.
            (Some(sni), Err(_)) => guard.set_asked(sni),
            (None, _) => {}
        }
        let target = routed?.target;
        seat.on_route(target.host.as_ref())?;
        guard.set_state(ConnectionState::Dialling);
        let connected = self.dialling.connect(&target, greeted, steps).await?;
        guard.relays(&talk(&target));
        Ok((connected, seat))
    }
}

/// The last word on a connection, unless that is another process's.
fn tell(guard: ConnectionGuard, over: Option<End>) {
    let Some(over) = over else { return };
    let weight = if over.reason == Reason::Finished {
        Weight::Ordinary
    } else {
        Weight::Failure
    };
    end(guard, over.reason, over.error.as_ref(), weight);
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
pub(crate) mod tests;
