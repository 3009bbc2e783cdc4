//! What is open, counted against the limits.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::shares::Shares;
use super::{Full, Limits, RouteLimit};
use crate::source::Source;

/// Time between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// What is open, counted against the limits. Clones are the same ledger.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    limits: Limits,
    total: AtomicUsize,
    sources: Shares<Source>,
    routes: Shares<Arc<str>>,
    warned: Mutex<Option<Instant>>,
}

/// Where a connection stands in the ledger; dropping it takes it out.
#[derive(Debug)]
pub struct Seat {
    ledger: Ledger,
    source: Option<Source>,
    route: Option<Arc<str>>,
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
            let from = Source::from(source);
            if !self.0.sources.take(from, limit) {
                return Err(self.0.refused(Full::Source { limit, from }));
            }
            seat.source = Some(from);
        }
        Ok(seat)
    }

    /// How many are counted now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.total.load(Ordering::Relaxed)
    }

    /// Counts a connection that is there already, even where it is one too many by the limits of now.
    /// `route` is asked only where routes are counted.
    pub fn readmit(&self, source: IpAddr, route: impl FnOnce() -> Option<Arc<str>>) -> Seat {
        let counted = &self.0;
        counted.total.fetch_add(1, Ordering::Relaxed);
        let source = counted.limits.per_source.map(|_| Source::from(source));
        let route = counted.limits.per_route.and_then(|_| route());
        if let Some(source) = source {
            counted.sources.add(source);
        }
        if let Some(route) = &route {
            counted.routes.add(Arc::clone(route));
        }
        Seat {
            ledger: self.clone(),
            source,
            route,
        }
    }
}

impl Seat {
    /// Counts the connection on its route, once that is known.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn on_route(&mut self, route: &str) -> Result<(), Full> {
        match self.ledger.0.limits.per_route {
            Some(limit) => self.take_route(route, limit, RouteLimit::Everywhere),
            None => Ok(()),
        }
    }

    /// The same where routes may have limits of their own, which go before that of all routes. It is
    /// counted without a limit, too: a route may be given one while connections are open.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn on_route_with(&mut self, route: &str, own: Option<NonZeroUsize>) -> Result<(), Full> {
        let everywhere = self.ledger.0.limits.per_route.unwrap_or(NonZeroUsize::MAX);
        match own {
            Some(own) => self.take_route(route, own, RouteLimit::Own),
            None => self.take_route(route, everywhere, RouteLimit::Everywhere),
        }
    }

    fn take_route(
        &mut self,
        route: &str,
        limit: NonZeroUsize,
        said_by: RouteLimit,
    ) -> Result<(), Full> {
        let counted = &self.ledger.0;
        let route: Arc<str> = route.into();
        if !counted.routes.take(Arc::clone(&route), limit) {
            return Err(counted.refused(Full::Route {
                limit,
                route,
                said_by,
            }));
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

#[cfg(test)]
mod tests;
