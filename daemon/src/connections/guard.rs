//! Who serves a connection, and says what becomes of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::{
    ConnectionId, ConnectionRecord, ConnectionState, Direction, Entry, Shared, Steps, Tally,
};
use crate::traffic::{Talk, Traffic};

/// Keeps one row in the table; dropping it, also by a panic or an abort, takes the row out.
#[derive(Debug)]
pub struct ConnectionGuard {
    pub(super) entry: Arc<Entry>,
    pub(super) shared: Arc<Shared>,
}

impl ConnectionGuard {
    /// The number of this connection, counted from 0 in the process that accepted it.
    pub fn id(&self) -> u64 {
        self.entry.id
    }

    /// The row as it is now.
    pub fn record(&self) -> ConnectionRecord {
        self.entry.record(Instant::now())
    }

    /// What everybody on its way calls it, once its ClientHello is known. The first call counts.
    pub fn set_connection_id(&self, id: u64) {
        let _ = self.entry.connection_id.set(ConnectionId(id));
    }

    /// The proven SPIFFE ID of the far end, once the handshake is done. The first call counts.
    pub fn set_identity(&self, identity: impl Into<Arc<str>>) {
        let _ = self.entry.identity.set(identity.into());
    }

    /// The name that the connection asked for, where that is no route. The first call of the two counts.
    pub fn set_asked(&self, name: impl Into<Arc<str>>) {
        let name = name.into();
        let asked = Arc::new(Tally::new(Arc::clone(&name)));
        if self.entry.route.set(asked).is_ok() {
            let _ = self.entry.label.set(name);
        }
    }

    /// The route that it goes by, on which it is counted; logs call it `label` for this connection. The first
    /// call of the two counts.
    pub fn set_route(&self, name: &str, label: &str) {
        let routes = &self.shared.routes;
        let route = routes.open(self.entry.direction, name);
        let label = route.called(label);
        match self.entry.route.set(route) {
            Ok(()) => drop(self.entry.label.set(label)),
            Err(second) => second.close(),
        }
    }

    /// The address that was dialled for it. The first call counts.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        let _ = self.entry.upstream.set(upstream);
    }

    /// Both ends are there: bytes pass, and are counted. The first call counts.
    pub fn relays(&self, talk: &Talk<'_>) {
        self.count_for(talk).opened();
    }

    /// The same for a connection that another process has had: it was opened there, and what has passed
    /// was counted there. Its route is to be known before.
    pub fn goes_on_relaying(&self, talk: &Talk<'_>) {
        self.entry.counted.skip(&self.entry.bytes);
        self.entry.note_answer_before();
        self.count_for(talk);
    }

    fn count_for(&self, talk: &Talk<'_>) -> &Traffic {
        self.set_state(ConnectionState::Relaying);
        let talks = &self.shared.talks;
        let traffic = &self.entry.traffic;
        traffic.get_or_init(|| talks.of(self.entry.direction, talk))
    }

    /// Counts the end; the last bytes are counted with the row.
    pub(crate) fn count_end(&self, reason: &str) {
        if let Some(traffic) = self.entry.traffic.get() {
            traffic.closed(reason);
        }
    }

    /// When it came how far.
    pub fn steps(&self) -> &Steps {
        &self.entry.steps
    }

    /// Remembers that the connection came to nothing. One that was made and that the far end broke off
    /// before it had said a word is none either.
    pub(crate) fn note_failure(&self, code: &'static str, said: impl FnOnce() -> String) {
        let was_made = self.entry.traffic.get().is_some();
        // In TLS 1.3 who calls is done before it is judged. Only outbound is it the upstream that refuses.
        let refused = code == "refused_by_peer" && self.entry.direction == Direction::Outbound;
        let by_far_end = refused || code.starts_with("upstream_");
        let broken_off = by_far_end && !self.entry.has_answered();
        if let Some(route) = self.entry.route.get()
            && (!was_made || broken_off)
        {
            route.failed(code, said());
        }
    }

    /// How far it has come.
    pub fn set_state(&self, state: ConnectionState) {
        self.entry.state.store(state as u8, Ordering::Relaxed);
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        // Also where another process goes on with it, and counts from here on.
        self.entry.count_bytes(&self.shared.total);
        self.shared.total.close();
        if let Some(route) = self.entry.route.get() {
            self.entry.note_end(route);
            route.close();
        }
        self.shared.shard(self.entry.id).remove(&self.entry.id);
        self.shared
            .open(self.entry.direction)
            .fetch_sub(1, Ordering::Relaxed);
    }
}
