//! The live connections of a process, for `/connections` and the open-connections gauge, and what is kept of
//! those that have ended (`history`).
//!
//! Opening and closing take one short lock on one of a few shards; the bytes are counted by the
//! relay itself in atomics that this table only reads.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::traffic::{Counted, Talks, Traffic};

mod counting;
mod entry;
mod guard;
mod history;
mod outcome;
mod steps;
mod tallies;
mod tally;
mod timeline;
pub use entry::{ConnectionId, ConnectionRecord, ConnectionState, Direction};
pub use guard::ConnectionGuard;
pub use history::Recorded;
pub use outcome::{Attempt, Failure, Outcome, When};
pub use steps::{Step, Steps};
pub(crate) use tallies::Turn;
pub use tally::{Carried, Tally};
pub use timeline::{Millis, Milliseconds, Timeline};

use history::History;
use tallies::Tallies;

#[cfg(test)]
mod tests;

/// Shards, so that accepting on several threads seldom meets on one lock. A power of two.
const SHARDS: usize = 16;
/// A far end that has said nothing for so long is told of as silent: a database greets at once, and who waits for
/// a question seldom waits longer for the first.
const SILENCE: Duration = Duration::from_secs(10);

/// Bytes moved so far: `[0]` from the accepted side to the dialled one, `[1]` back. Then moments in nanoseconds
/// of one clock, of which distances alone count, 0 where there was none yet: `[2]` when the connection began,
/// `[3]` when the first byte went to the dialled side, `[4]` to the accepted one, `[5]` when the last went.
pub type ByteCounts = Arc<[AtomicU64; 6]>;

/// What is known of a connection when it is accepted.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// Which way it goes, seen from this process.
    pub direction: Direction,
    /// The address that connected.
    pub peer: SocketAddr,
    /// Counted by the relay, read here.
    pub bytes: ByteCounts,
}

/// The table; clones are the same table.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// All routes together.
    total: Tally,
    routes: Tallies,
    next_id: AtomicU64,
    /// By direction, so that a scrape takes no lock that an accept waits for.
    open: [AtomicUsize; Direction::ALL.len()],
    shards: [Mutex<HashMap<u64, Arc<Entry>>>; SHARDS],
    talks: Talks,
    history: History,
}

impl Default for Shared {
    fn default() -> Self {
        let name: Arc<str> = "".into();
        Self {
            total: Tally::new(name),
            routes: Tallies::default(),
            next_id: AtomicU64::default(),
            open: Default::default(),
            shards: Default::default(),
            talks: Talks::default(),
            history: History::default(),
        }
    }
}

/// One row. What is learnt after the accept is set once, and read without a lock.
#[derive(Debug)]
struct Entry {
    id: u64,
    direction: Direction,
    state: AtomicU8,
    peer: SocketAddr,
    connection_id: OnceLock<ConnectionId>,
    upstream: OnceLock<SocketAddr>,
    identity: OnceLock<Arc<str>>,
    route: OnceLock<Arc<Tally>>,
    /// What logs call the route.
    label: OnceLock<Arc<str>>,
    bytes: ByteCounts,
    /// Once both ends are there.
    traffic: OnceLock<Arc<Traffic>>,
    counted: Counted,
    /// Whether something has come back over it, as far as anybody has looked.
    answered: AtomicBool,
    steps: Steps,
}

impl Connections {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row, which stays for as long as the guard does.
    pub fn open(&self, info: ConnectionInfo) -> ConnectionGuard {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        self.insert(id, info, Instant::now())
    }

    /// Adds a row for a connection that another process has had: under the number that it had there,
    /// unless somebody has it here, and with its age.
    pub fn go_on(&self, id: u64, info: ConnectionInfo, age: Duration) -> ConnectionGuard {
        self.number_from(id.saturating_add(1));
        let taken = self.shared.shard(id).contains_key(&id);
        let id = if taken {
            self.shared.next_id.fetch_add(1, Ordering::Relaxed)
        } else {
            id
        };
        let now = Instant::now();
        self.insert(id, info, now.checked_sub(age).unwrap_or(now))
    }

    /// The number that the next connection gets.
    pub fn next_number(&self) -> u64 {
        self.shared.next_id.load(Ordering::Relaxed)
    }

    /// Counts from `number` on, unless it is there already.
    pub fn number_from(&self, number: u64) {
        self.shared.next_id.fetch_max(number, Ordering::Relaxed);
    }

    fn insert(&self, id: u64, info: ConnectionInfo, opened: Instant) -> ConnectionGuard {
        let entry = Arc::new(Entry {
            id,
            direction: info.direction,
            state: AtomicU8::new(ConnectionState::Accepted as u8),
            peer: info.peer,
            connection_id: OnceLock::new(),
            upstream: OnceLock::new(),
            identity: OnceLock::new(),
            route: OnceLock::new(),
            label: OnceLock::new(),
            bytes: info.bytes,
            traffic: OnceLock::new(),
            counted: Counted::default(),
            answered: AtomicBool::new(false),
            steps: Steps::since(opened),
        });
        self.shared.total.open();
        self.shared
            .open(info.direction)
            .fetch_add(1, Ordering::Relaxed);
        self.shared.shard(id).insert(id, Arc::clone(&entry));
        ConnectionGuard {
            entry,
            shared: Arc::clone(&self.shared),
        }
    }

    /// How many there are now, in all directions.
    pub fn len(&self) -> usize {
        Direction::ALL
            .into_iter()
            .map(|direction| self.count(direction))
            .sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are now in one direction.
    pub fn count(&self, direction: Direction) -> usize {
        self.shared.open(direction).load(Ordering::Relaxed)
    }

    /// Counts the bytes that live connections have moved since the last time.
    pub(crate) fn count_bytes(&self) {
        for shard in &self.shared.shards {
            let total = &self.shared.total;
            lock(shard)
                .values()
                .for_each(|entry| entry.count_bytes(total));
        }
    }

    /// What the process has carried in all. Bytes are those of the last time that they were counted.
    pub(crate) fn carried(&self) -> Carried {
        self.shared.total.carried()
    }

    /// What has come over a route of this name, if anybody has come for it.
    pub fn tally(&self, direction: Direction, route: &str) -> Option<Arc<Tally>> {
        self.shared.routes.get(direction, route)
    }

    /// The routes of one direction that somebody has come for, in no order.
    pub fn tallies(&self, direction: Direction) -> Vec<Arc<Tally>> {
        self.shared.routes.all(direction)
    }

    /// The moment that it is, for [`Self::keep_routes`].
    pub(crate) fn turn(&self) -> Turn {
        self.shared.routes.now()
    }

    /// Forgets the routes that nobody uses and nobody has come for since `then`, but for those to be kept.
    pub(crate) fn keep_routes(&self, kept: &HashSet<(Direction, Arc<str>)>, then: Turn) {
        self.shared.routes.keep(kept, then);
    }

    /// Connections that are counted on no route, because all places were taken by routes in use.
    pub(crate) fn uncounted(&self) -> u64 {
        self.shared.routes.uncounted()
    }

    fn entries(&self) -> Vec<Arc<Entry>> {
        let mut entries: Vec<Arc<Entry>> = Vec::new();
        for shard in &self.shared.shards {
            entries.extend(lock(shard).values().cloned());
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    /// All rows as they are now, oldest first. Shards are locked one after the other, so the whole
    /// is not one instant.
    pub fn snapshot(&self) -> Vec<ConnectionRecord> {
        let now = Instant::now();
        self.entries()
            .iter()
            .map(|entry| entry.record(now))
            .collect()
    }
}

impl Shared {
    fn open(&self, direction: Direction) -> &AtomicUsize {
        &self.open[direction as usize]
    }

    fn shard(&self, id: u64) -> MutexGuard<'_, HashMap<u64, Arc<Entry>>> {
        lock(&self.shards[(id % SHARDS as u64) as usize])
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
