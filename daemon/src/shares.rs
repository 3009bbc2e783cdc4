//! The connections that a server has open, and which of them gives way to a new one.
//!
//! That is the oldest of who has the most, so that clients that say nothing can't keep anybody out; but not
//! before it has been read, so that they can't push out who has just asked either. One client never has all
//! of them: whoever wants more than its share gives up its own oldest.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::task::{AbortHandle, JoinHandle, yield_now};

/// How often everybody else has a turn before one gives way. The first is to ask the kernel what has come
/// in, the second to read a request and to answer it; the rest is to spare.
const TURNS: usize = 4;
/// The bits of an IPv6 address that tell networks apart: each host is in a /64 (RFC 4291, section 2.5.1).
const NETWORK: u128 = (u64::MAX as u128) << 64;

/// How many connections there may be at a time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of all clients.
    pub in_all: usize,
    /// Of one: an IPv4 address or a /64 of IPv6, of which one client can have all addresses.
    pub of_one: usize,
}

/// All connections of a server, at however many addresses it listens.
#[derive(Debug)]
pub struct Shares {
    bounds: Bounds,
    open: Mutex<Open>,
}

impl Shares {
    /// Of a server that has none yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            open: Mutex::default(),
        }
    }

    /// Starts a new connection from this address, for which another is ended if there is no room. A crowd
    /// is accepted in one go, with whoever came before it: one among them that has asked is answered first.
    pub async fn admit(&self, from: IpAddr, serve: impl FnOnce(Workload) -> JoinHandle<()>) {
        let from = Client::from(from);
        for _ in 0..TURNS {
            if self.open().one_too_many(self.bounds, from).is_none() {
                break;
            }
            yield_now().await;
        }
        let mut open = self.open();
        if let Some(at) = open.one_too_many(self.bounds, from) {
            let connection = open.0.remove(at);
            connection.task.abort();
            tracing::debug!(client = %connection.from.address, "connection gives way to a new one");
        }
        let workload = Workload::default();
        open.0.push(Connection {
            from,
            work: Arc::downgrade(&workload.0),
            task: serve(workload).abort_handle(),
        });
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection has to do. While it has something to do, those of the same client that have nothing
/// give way before it.
#[derive(Debug, Default)]
pub struct Workload(Arc<()>);

impl Workload {
    /// Something to do, until this and all its clones are dropped.
    #[must_use]
    pub fn begin(&self) -> Work {
        Work(Arc::clone(&self.0))
    }
}

/// That a connection has something to do.
#[derive(Debug, Clone)]
pub struct Work(#[expect(dead_code, reason = "it is counted")] Arc<()>);

/// In the order in which they came.
#[derive(Debug, Default)]
struct Open(Vec<Connection>);

#[derive(Debug)]
struct Connection {
    from: Client,
    work: Weak<()>,
    task: AbortHandle,
}

impl Connection {
    fn is_at_work(&self) -> bool {
        self.work.strong_count() > 1
    }
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
struct Client {
    address: IpAddr,
    /// What one client can have as many addresses of as it likes; of IPv4 that is one.
    network: IpAddr,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let network = match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        };
        Self { address, network }
    }
}

impl Open {
    /// Which has to give way to a new one of this client. In a network it is one of the address that has the
    /// most, so that neighbours are safe from each other.
    fn one_too_many(&mut self, bounds: Bounds, from: Client) -> Option<usize> {
        self.0.retain(|connection| !connection.task.is_finished());
        let networks = self.0.iter().map(|connection| connection.from.network);
        let of_its_own = networks.clone().filter(|network| *network == from.network);
        let network = if of_its_own.count() >= bounds.of_one {
            from.network
        } else if self.0.len() >= bounds.in_all {
            greediest(networks)?
        } else {
            return None;
        };
        let clients = self.0.iter().map(|connection| connection.from);
        let here = clients.filter(|client| client.network == network);
        let address = greediest(here.map(|client| client.address))?;
        let of_that = |connection: &Connection| connection.from.address == address;
        let connections = &self.0;
        let idle = connections
            .iter()
            .position(|connection| of_that(connection) && !connection.is_at_work());
        idle.or_else(|| connections.iter().position(of_that))
    }
}

/// Who has the most; of several, who has the oldest.
fn greediest(mut owners: impl Iterator<Item = IpAddr> + Clone) -> Option<IpAddr> {
    let mut of = HashMap::<IpAddr, usize>::new();
    for owner in owners.clone() {
        *of.entry(owner).or_default() += 1;
    }
    let most = of.values().copied().max()?;
    owners.find(|owner| of.get(owner) == Some(&most))
}

#[cfg(test)]
mod tests;
