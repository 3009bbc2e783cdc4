//! Why a thread that accepts wakes by itself, too.
//!
//! Who sets a timer that ends before all that the runtime knew of when it last slept has it woken, by an
//! eventfd that it then has to wait for once more. A new connection sets several, each earlier than those of
//! connections that have come to rest. While connections come, a timer that is always earlier spares them
//! that: two system calls each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// Shorter than any time that a new connection is given for anything, and seldom enough to cost nothing.
const EVERY: Duration = Duration::from_millis(100);

/// Nobody has come for a while.
const RESTS: u8 = 0;
/// Nobody has come since the last beat.
const BEATS: u8 = 1;
/// Somebody has.
const WANTED: u8 = 2;

/// Beats while connections come.
#[derive(Debug, Default)]
pub(super) struct Beat(Arc<AtomicU8>);

impl Beat {
    /// A connection has come. To be called within a tokio runtime.
    pub(super) fn accepted(&self) {
        if self.0.swap(WANTED, Ordering::Relaxed) == RESTS {
            tokio::spawn(beat(Arc::clone(&self.0)));
        }
    }
}

async fn beat(state: Arc<AtomicU8>) {
    loop {
        let turn = |from, to| {
            let turned = state.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
            turned.is_ok()
        };
        if !turn(WANTED, BEATS) && turn(BEATS, RESTS) {
            return;
        }
        sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_beats_while_connections_come_and_then_rests() {
        let metrics = tokio::runtime::Handle::current().metrics();
        let beat = Beat::default();
        for _ in 0..5 {
            beat.accepted();
            sleep(EVERY / 2).await;
            assert_eq!(metrics.num_alive_tasks(), 1);
        }
        sleep(3 * EVERY).await;
        assert_eq!(metrics.num_alive_tasks(), 0);
        beat.accepted();
        sleep(EVERY / 2).await;
        assert_eq!(metrics.num_alive_tasks(), 1);
    }
}
