//! How many connections may be open: in all, from one source, on one route.
//!
//! One too many is refused at once, by a reset with a reason in the log. It does not wait: an app that
//! hangs can't try its next source.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};

/// Descriptors that are left to listeners, name look-ups, reloads, logs and the calls of an admin.
const RESERVED: u64 = 128;
/// One descriptor of so many is left to the pipes of connections whose peers do not take what comes.
const SPARED: u64 = 8;
/// Time between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The limits. Without a number there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Connections of the whole process.
    pub total: Option<NonZeroUsize>,
    /// Connections from one address.
    pub per_source: Option<NonZeroUsize>,
    /// Connections on one route.
    pub per_route: Option<NonZeroUsize>,
}

/// What is full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The process.
    #[error("{0} connections are open, as many as may be (--max-connections)")]
    Total(NonZeroUsize),
    /// The share of one address.
    #[error(
        "{limit} connections from {source_ip} are open, as many as may be \
         (--max-connections-per-source)"
    )]
    Source {
        /// How many it may have.
        limit: NonZeroUsize,
        /// Whose they are.
        source_ip: IpAddr,
    },
    /// The share of one route.
    #[error(
        "{limit} connections to {route} are open, as many as may be (--max-connections-per-route)"
    )]
    Route {
        /// How many it may have.
        limit: NonZeroUsize,
        /// Where they go.
        route: Arc<str>,
    },
}

/// What is open, counted against the limits. Clones are the same ledger.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    limits: Limits,
    total: AtomicUsize,
    sources: Shares<IpAddr>,
    routes: Shares<Arc<str>>,
    warned: Mutex<Option<Instant>>,
}

/// Where a connection stands in the ledger; dropping it takes it out.
#[derive(Debug)]
pub struct Seat {
    ledger: Ledger,
    source: Option<IpAddr>,
    route: Option<Arc<str>>,
}

impl Limits {
    /// Limits as they were asked for; in all, as many connections as there are descriptors for where
    /// nothing was said.
    #[must_use]
    pub fn new(
        total: Option<NonZeroUsize>,
        per_source: Option<NonZeroUsize>,
        per_route: Option<NonZeroUsize>,
    ) -> Self {
        Self {
            total: total.or_else(Self::total_by_descriptors),
            per_source,
            per_route,
        }
    }

    /// As many connections as there are descriptors for: each takes two, and some are kept back.
    /// `None` where the number of files is not limited.
    fn total_by_descriptors() -> Option<NonZeroUsize> {
        let descriptors = getrlimit(Resource::Nofile).current?;
        let connections = (descriptors - descriptors / SPARED).saturating_sub(RESERVED) / 2;
        Some(
            usize::try_from(connections)
                .ok()
                .and_then(NonZeroUsize::new)
                .unwrap_or(NonZeroUsize::MIN),
        )
    }
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Counted {
            limits,
            total: AtomicUsize::new(0),
            sources: Shares::default(),
            routes: Shares::default(),
            warned: Mutex::default(),
        }))
    }

    /// Counts a connection that has been accepted.
    ///
    /// # Errors
    /// When it is one too many; it is not counted then.
    pub fn admit(&self, source: IpAddr) -> Result<Seat, Full> {
        let Limits {
            total, per_source, ..
        } = self.0.limits;
        let most = total.map_or(usize::MAX, NonZeroUsize::get);
        let one_more = |open| (open < most).then_some(open + 1);
        let counted = &self.0.total;
        if counted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_err()
        {
            let limit = total.unwrap_or(NonZeroUsize::MAX);
            return Err(self.0.refused(Full::Total(limit)));
        }
        // From here on what was counted is taken back, whatever comes.
        let mut seat = Seat {
            ledger: self.clone(),
            source: None,
            route: None,
        };
        if let Some(limit) = per_source {
            if !self.0.sources.take(source, limit) {
                let source_ip = source;
                return Err(self.0.refused(Full::Source { limit, source_ip }));
            }
            seat.source = Some(source);
        }
        Ok(seat)
    }
}

impl Seat {
    /// Counts the connection on its route, once that is known.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn on_route(&mut self, route: &str) -> Result<(), Full> {
        let counted = &self.ledger.0;
        let Some(limit) = counted.limits.per_route else {
            return Ok(());
        };
        let route: Arc<str> = route.into();
        if !counted.routes.take(Arc::clone(&route), limit) {
            return Err(counted.refused(Full::Route { limit, route }));
        }
        self.route = Some(route);
        Ok(())
    }
}

impl Counted {
    /// Says it now and then: whoever opens too many opens them fast, and each has its own line at
    /// `debug`.
    fn refused(&self, full: Full) -> Full {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            tracing::warn!("a connection is refused: {full}");
        }
        full
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let counted = &self.ledger.0;
        counted.total.fetch_sub(1, Ordering::Relaxed);
        if let Some(source) = &self.source {
            counted.sources.give(source);
        }
        if let Some(route) = &self.route {
            counted.routes.give(route);
        }
    }
}

/// How many each has; who has none takes no memory.
#[derive(Debug)]
struct Shares<K>(Mutex<HashMap<K, usize>>);

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Hash + Eq> Shares<K> {
    fn take(&self, key: K, limit: NonZeroUsize) -> bool {
        let mut shares = self.lock();
        let share = shares.entry(key).or_default();
        let free = *share < limit.get();
        if free {
            *share += 1;
        }
        free
    }

    fn give(&self, key: &K) {
        let mut shares = self.lock();
        let Some(share) = shares.get_mut(key) else {
            return;
        };
        *share -= 1;
        if *share == 0 {
            shares.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn ledger(total: usize, per_source: usize, per_route: usize) -> Ledger {
        Ledger::new(Limits {
            total: NonZeroUsize::new(total),
            per_source: NonZeroUsize::new(per_source),
            per_route: NonZeroUsize::new(per_route),
        })
    }

    fn is_empty(ledger: &Ledger) -> bool {
        let Counted {
            total,
            sources,
            routes,
            ..
        } = &*ledger.0;
        total.load(Ordering::Relaxed) == 0 && sources.lock().is_empty() && routes.lock().is_empty()
    }

    #[test]
    fn one_too_many_in_all_is_refused_until_another_has_gone() {
        let ledger = ledger(2, 0, 0);
        let (first, second) = (ledger.admit(ONE).unwrap(), ledger.admit(OTHER).unwrap());
        let refused = ledger.admit(ONE).unwrap_err();
        assert!(
            refused.to_string().contains("--max-connections)"),
            "{refused}"
        );
        drop(first);
        let third = ledger.admit(ONE).unwrap();
        drop((second, third));
        assert!(is_empty(&ledger));
    }

    #[test]
    fn one_source_does_not_take_what_is_anothers() {
        let ledger = ledger(0, 1, 0);
        let first = ledger.admit(ONE).unwrap();
        assert_eq!(
            ledger.admit(ONE).unwrap_err(),
            Full::Source {
                limit: NonZeroUsize::MIN,
                source_ip: ONE
            }
        );
        let other = ledger.admit(OTHER).unwrap();
        drop((first, other));
        assert!(is_empty(&ledger));
    }

    #[test]
    fn one_route_does_not_take_what_is_anothers() {
        let ledger = ledger(0, 0, 1);
        let mut first = ledger.admit(ONE).unwrap();
        first.on_route("db-0").unwrap();
        let mut second = ledger.admit(ONE).unwrap();
        let refused = second.on_route("db-0").unwrap_err();
        assert!(refused.to_string().contains("to db-0"), "{refused}");
        second.on_route("db-1").unwrap();
        drop((first, second));
        assert!(is_empty(&ledger));
    }

    #[test]
    fn the_default_leaves_descriptors_for_other_things() {
        let descriptors = getrlimit(Resource::Nofile).current;
        let total = Limits::total_by_descriptors().map(NonZeroUsize::get);
        assert_eq!(total.is_none(), descriptors.is_none());
        if let (Some(total), Some(descriptors)) = (total, descriptors) {
            assert!(
                2 * total as u64 <= descriptors.max(2),
                "{total} of {descriptors}"
            );
        }
    }
}
