//! How relays are stopped: a few at a time, so that none stands still for long.
//!
//! Every relay is of the cohort that its number gives. To be handed over, a cohort is recalled: its
//! relays stop at the end of their turn and say what they hold, and new ones gather in another in its
//! place. It is complete when the last of its members has answered or ended.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use eastwest_daemon::ConnectionRecord;
use eastwest_transport::relay::Transit;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// With 10,000 connections, 40 stand still at a time.
const COHORTS: usize = 256;

/// All relays of a gateway.
#[derive(Debug)]
pub(crate) struct Cohorts {
    gathering: Box<[ArcSwap<Cohort>]>,
    /// Those that a successor did not take.
    staying: ArcSwap<Cohort>,
    abort: CancellationToken,
}

/// Relays that stop together. To hold it is to be a member.
#[derive(Debug)]
pub(crate) struct Cohort {
    /// Cancelled when the members have to stop: to be handed over, or for good.
    pub(crate) pause: CancellationToken,
    recalled: OnceLock<UnboundedSender<Parcel>>,
}

/// A relay that stands still, as it is handed over.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) kept: Box<Kept>,
    pub(crate) record: ConnectionRecord,
    /// Where its task waits.
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What a relay consists of.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) downstream: TcpStream,
    pub(crate) upstream: TcpStream,
    pub(crate) transit: Transit,
}

/// What has become of a parcel.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Another process has it.
    HandedOver,
    /// There was nobody to take it: the relay goes on, and may be recalled again.
    Back(Box<Kept>),
    /// It was not taken: the relay goes on here until it ends.
    Stays(Box<Kept>),
}

impl Cohorts {
    /// Nobody yet. When `abort` is cancelled, all have to stop.
    pub(crate) fn new(abort: CancellationToken) -> Self {
        let gathering = (0..COHORTS)
            .map(|_| ArcSwap::new(Cohort::new(&abort)))
            .collect();
        Self {
            gathering,
            staying: ArcSwap::new(Cohort::new(&abort)),
            abort,
        }
    }

    /// The cohort of a connection, for as long as it relays.
    pub(crate) fn join(&self, id: u64) -> Arc<Cohort> {
        let index = usize::try_from(id % COHORTS as u64).unwrap_or(0);
        self.gathering
            .get(index)
            .map_or_else(|| self.stay(), ArcSwap::load_full)
    }

    /// The cohort of those that are not handed over, this time.
    pub(crate) fn stay(&self) -> Arc<Cohort> {
        self.staying.load_full()
    }

    /// How many stay.
    pub(crate) fn staying(&self) -> usize {
        // Beside the table's own and this one.
        Arc::strong_count(&self.stay()).saturating_sub(2)
    }

    /// Recalls those that were not taken, for whoever comes next.
    pub(crate) fn recall_staying(&self) -> UnboundedReceiver<Parcel> {
        self.swap(&self.staying)
    }

    /// Recalls one cohort after the other, each when it is asked for. The receiver ends when the
    /// cohort is complete.
    pub(crate) fn recall(&self) -> impl Iterator<Item = UnboundedReceiver<Parcel>> {
        // One that only the table holds has no members.
        let populated = |cohort: &&ArcSwap<Cohort>| Arc::strong_count(&cohort.load_full()) > 2;
        let gathering = self.gathering.iter().filter(populated);
        gathering.map(|gathering| self.swap(gathering))
    }

    /// Recalls a cohort, and has another gather in its place.
    fn swap(&self, gathering: &ArcSwap<Cohort>) -> UnboundedReceiver<Parcel> {
        let cohort = gathering.swap(Cohort::new(&self.abort));
        let (sender, receiver) = unbounded_channel();
        // Nobody else recalls it: it has just been taken out.
        let _ = cohort.recalled.set(sender);
        cohort.pause.cancel();
        receiver
    }
}

impl Cohort {
    fn new(abort: &CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            pause: abort.child_token(),
            recalled: OnceLock::new(),
        })
    }

    /// Says what a member holds that was told to stop, and is none any more. Not for one that has to
    /// stop for good: its relay is given back.
    pub(crate) fn leave(
        self: Arc<Self>,
        kept: Box<Kept>,
        record: ConnectionRecord,
    ) -> Result<oneshot::Receiver<Answer>, Box<Kept>> {
        let Some(sender) = self.recalled.get() else {
            return Err(kept);
        };
        let (answer, wait) = oneshot::channel();
        let parcel = Parcel {
            kept,
            record,
            answer,
        };
        match sender.send(parcel) {
            Ok(()) => Ok(wait),
            Err(unsent) => Err(unsent.0.kept),
        }
    }
}
