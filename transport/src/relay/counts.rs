//! What a relay counts for others to read while it runs: how many bytes, and when the first and the last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::Instant;

/// The clock that moments are read from; their distances are what counts.
static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// When the connection began.
const BEGUN: usize = 2;
/// When the first byte went each way: to upstream, to downstream.
const FIRST: usize = 3;
/// When the last byte went, either way.
const LAST: usize = 5;

/// Bytes relayed so far, and when; read by others while the connection lives.
#[derive(Debug, Clone)]
pub struct Counts(Arc<[AtomicU64; 6]>);

impl Default for Counts {
    /// Those of a connection that begins now.
    fn default() -> Self {
        Self::aged(Duration::ZERO)
    }
}

impl Counts {
    /// Those of a connection that began so long ago.
    #[must_use]
    pub fn aged(age: Duration) -> Self {
        let counts = Self(Arc::default());
        let begun = moment(Instant::now()).wrapping_sub(nanoseconds(age));
        counts.0[BEGUN].store(begun, Ordering::Relaxed);
        counts
    }

    /// Bytes that went from the downstream to the upstream (the app's requests).
    #[must_use]
    pub fn to_upstream(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Bytes that went from the upstream to the downstream (the answers).
    #[must_use]
    pub fn to_downstream(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }

    /// The numbers themselves, for a table that outlives the borrow. Bytes: to upstream, to downstream. Then
    /// moments, in nanoseconds of a clock of which only distances mean anything, 0 where there was none yet:
    /// when the connection began, when the first byte went to upstream, to downstream, and when the last one
    /// of all went.
    #[must_use]
    pub fn shared(&self) -> Arc<[AtomicU64; 6]> {
        Arc::clone(&self.0)
    }

    /// Counts bytes that were carried before the relay began, such as a replayed ClientHello.
    pub fn add_to_upstream(&self, bytes: u64) {
        self.0[0].fetch_add(bytes, Ordering::Relaxed);
        let now = moment(Instant::now());
        self.0[FIRST].store(now, Ordering::Relaxed);
        self.0[LAST].store(now, Ordering::Relaxed);
    }

    /// The two that are counted up: to upstream, to downstream.
    pub(super) fn ways(&self) -> [&AtomicU64; 2] {
        [&self.0[0], &self.0[1]]
    }
}

/// Never 0, which says that there was none.
fn moment(at: Instant) -> u64 {
    nanoseconds(at.saturating_duration_since(*CLOCK)).max(1)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Notes when bytes pass, without a look at the clock for each of them: for the first each way, at each look of
/// the vigil, and at the ends. So the last byte is never later than noted, and earlier by less than the
/// time between two looks.
///
/// A byte passes when it is written, which may be long after it was read and counted. What TLS says at its end
/// is none.
#[derive(Debug, Default)]
pub(super) struct Passing {
    /// The relay has run before, somewhere.
    pub(super) begun: bool,
    /// Ways on which none has gone: to upstream, to downstream.
    awaited: [bool; 2],
    /// Some have gone since the last note.
    unnoted: bool,
}

impl Passing {
    /// That of a relay which goes on here.
    pub(super) fn resumed() -> Self {
        Self {
            begun: true,
            ..Self::default()
        }
    }

    /// To be called before the first turn. What a relay goes on with has had its first byte elsewhere.
    pub(super) fn begin(&mut self, counts: &Counts) {
        self.awaited = counts.ways().map(|way| way.load(Ordering::Relaxed) == 0);
    }

    /// To be called after each turn, with the ways on which it has written something.
    pub(super) fn turn(&mut self, counts: &Counts, wrote: [bool; 2]) {
        if wrote != [false; 2] {
            self.unnoted = true;
            if self.awaited != [false; 2] {
                self.note_first(counts, wrote);
            }
        }
    }

    fn note_first(&mut self, counts: &Counts, wrote: [bool; 2]) {
        let mut now = None;
        let ways = wrote.into_iter().zip(&counts.0[FIRST..LAST]);
        for ((wrote, first), awaited) in ways.zip(&mut self.awaited) {
            if *awaited && wrote {
                let now = *now.get_or_insert_with(Instant::now);
                first.store(moment(now), Ordering::Relaxed);
                *awaited = false;
            }
        }
    }

    /// Whether [`note`](Self::note) would say anything new.
    pub(super) const fn is_unnoted(&self) -> bool {
        self.unnoted
    }

    /// Whatever has passed did so before now.
    pub(super) fn note(&mut self, counts: &Counts) {
        if self.unnoted {
            self.note_at(counts, Instant::now());
        }
    }

    /// The same, by a clock that has been looked at.
    pub(super) fn note_at(&mut self, counts: &Counts, now: Instant) {
        if std::mem::take(&mut self.unnoted) {
            counts.0[LAST].store(moment(now), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
