//! Whose handshake computes next.

use std::sync::OnceLock;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;

/// Handshakes that compute at the same time, one a thread; the others wait for their turn.
///
/// One takes as long as relaying a hundred messages. Were all of a crowd ready to run, each relay would come
/// when all of them have been; so it comes after one.
pub(super) struct Turns(OnceLock<Semaphore>);

/// Of those who have just come: an answer costs them a packet, and us a signature.
pub(super) static STRANGERS: Turns = Turns(OnceLock::new());
/// Of those who have gone on after our answer. A crowd of strangers is not before them.
pub(super) static ANSWERED: Turns = Turns(OnceLock::new());
/// Of those whom we dial. Nobody who comes is before them.
pub(super) static DIALLED: Turns = Turns(OnceLock::new());

impl Turns {
    /// A turn to compute, given in the order in which it was asked for. Whoever else is ready has run
    /// since the one before.
    pub(super) async fn next(&'static self) -> Option<SemaphorePermit<'static>> {
        let threads = || Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let turns = self.0.get_or_init(|| Semaphore::new(threads()));
        // It is never closed.
        let turn = turns.acquire().await.ok();
        yield_now().await;
        turn
    }
}
