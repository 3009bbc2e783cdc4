//! What is known of a route by its connections.

use std::time::Duration;

use super::moment::Clocks;
use super::route::{Listing, ServedRoute};
use crate::connections::{Carried, Failure, Outcome, Tally};

/// A failure of so long ago, after which nobody has tried, says no more how a route does: three times as long as the
/// alert `EastwestRouteDown` of `deploy/observe` waits, and longer than whoever wants the route does to try again.
pub(super) const STALE: Duration = Duration::from_secs(15 * 60);

impl Listing {
    /// Whether a route that is so listed is told of, after what was counted of it.
    #[must_use]
    pub fn keeps(self, tally: &Tally) -> bool {
        let (last, clocks) = (tally.last(), Clocks::now());
        let seen = Seen {
            last: last.as_ref(),
            carried: tally.carried(),
            clocks: &clocks,
        };
        seen.keeps(self)
    }
}

/// What the route's connections say.
pub(super) struct Seen<'a> {
    /// What came of the last one.
    pub(super) last: Option<&'a Outcome>,
    /// What has come over all of them.
    pub(super) carried: Carried,
    pub(super) clocks: &'a Clocks,
}

impl Seen<'_> {
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.last?.failure()
    }

    /// Whether it is too long ago to say anything, or there was none.
    pub(super) fn is_stale(&self) -> bool {
        self.last
            .is_none_or(|last| self.clocks.since(last.at.instant) >= STALE)
    }

    /// Whether something has come back over one that is open.
    pub(super) fn is_talking(&self) -> bool {
        self.carried.talking > 0
    }

    /// Whether the last failure is long ago, and what has been answered goes on.
    pub(super) fn is_outlived(&self) -> bool {
        self.is_talking() && self.is_stale()
    }

    /// Whether it is a name that anybody can have made up, and that has never led anywhere.
    pub(super) fn is_unproven(&self, route: &ServedRoute) -> bool {
        route.listing == Listing::ByPattern && self.carried.answered == 0
    }

    /// Whether it found that nobody has a name that nobody has written down either.
    pub(super) fn nobody_is_there(&self, listing: Listing) -> bool {
        let unknown = |failure: &Failure| failure.code == "name_not_found";
        listing == Listing::ByPattern && self.failure().is_some_and(unknown)
    }

    /// Whether one that is so listed is a route yet.
    pub(super) fn keeps(&self, listing: Listing) -> bool {
        let open = self.carried.opened > self.carried.closed;
        match listing {
            Listing::Named => true,
            Listing::Withdrawn => open,
            Listing::ByPattern => {
                let led = self.carried.answered > 0 && !self.nobody_is_there(listing);
                open || led || !self.is_stale()
            }
        }
    }
}
