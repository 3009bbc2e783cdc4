//! The routes of a process, each of them judged: for the status and for the metric alike.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::judged::{RouteState, RouteStatus};
use super::moment::Clocks;
use super::route::{Asked, ServedRoute};
use super::worst::Worst;
use crate::connections::{Direction, Outcome, Tally};
use crate::context::Context;

/// Those that are asked for.
#[derive(Debug)]
pub(super) struct Routes {
    pub(super) told: Vec<RouteStatus>,
    pub(super) by_state: ByState,
}

/// How many do how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ByState {
    down: usize,
    degraded: usize,
    up: usize,
    unknown: usize,
}

impl ByState {
    fn count(&mut self, state: RouteState) {
        let count = match state {
            RouteState::Down => &mut self.down,
            RouteState::Degraded => &mut self.degraded,
            RouteState::Up => &mut self.up,
            RouteState::Unknown => &mut self.unknown,
        };
        *count += 1;
    }

    /// How many there are.
    pub(super) const fn total(self) -> usize {
        self.down + self.degraded + self.up + self.unknown
    }

    /// Each state as the status writes it.
    pub(crate) fn each(self) -> [(&'static str, usize); 4] {
        [
            ("down", self.down),
            ("degraded", self.degraded),
            ("up", self.up),
            ("unknown", self.unknown),
        ]
    }
}

/// How many routes do how; none where the server has none to tell of. Bytes have to be counted before.
pub(crate) fn by_state(context: &Context) -> Option<ByState> {
    context.status.shared.routes.get()?;
    let (all, clocks) = (Asked::default(), Clocks::now());
    Some(judge(context, &all, &clocks, drop))
}

impl Routes {
    /// The worst of them, explained, and how many all are.
    pub(super) fn of(context: &Context, asked: &Asked, clocks: &Clocks) -> Self {
        let mut worst = Worst::default();
        let by_state = judge(context, asked, clocks, |route| worst.put(route));
        let told = worst.in_order().into_iter().map(RouteStatus::explained);
        Self {
            told: told.collect(),
            by_state,
        }
    }
}

/// Judges each of those that are asked for, and counts them. Where all are, what is counted on none of them is
/// forgotten.
fn judge(
    context: &Context,
    asked: &Asked,
    clocks: &Clocks,
    mut judged: impl FnMut(RouteStatus),
) -> ByState {
    let mut by_state = ByState::default();
    let Some(tell) = context.status.shared.routes.get() else {
        return by_state;
    };
    let then = context.connections.turn();
    let mut kept: HashSet<(Direction, Arc<str>)> = HashSet::new();
    let unlisted = tell(asked, &mut |route| {
        if !asked.has(&route.name) {
            return;
        }
        let tally = tally(context, &route);
        let carried = tally.as_ref().map(|tally| tally.carried());
        let last: Option<Outcome> = tally.as_ref().and_then(|tally| tally.last());
        let carried = carried.unwrap_or_default();
        let Some(route) = RouteStatus::of(route, carried, last.as_ref(), clocks) else {
            return;
        };
        by_state.count(route.state);
        if let Some(tally) = tally {
            kept.insert((route.direction, Arc::clone(tally.name())));
        }
        judged(route);
    });
    by_state.unknown += unlisted;
    if asked.is_all() {
        context.connections.keep_routes(&kept, then);
    }
    by_state
}

/// A host that no server name has been seen for was never counted; one of the same name was.
fn tally(context: &Context, route: &ServedRoute) -> Option<Arc<Tally>> {
    let asked = route.direction != Direction::Passthrough || route.sni.is_some();
    let connections = &context.connections;
    asked
        .then(|| connections.tally(route.direction, &route.name))
        .flatten()
}
