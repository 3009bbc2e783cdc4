//! The routes of a process, all of them judged: for the status and for the metric alike.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;

use super::judged::{RouteState, RouteStatus};
use super::moment::Clocks;
use super::route::{Asked, ServedRoute};
use crate::connections::{Direction, Outcome, Tally};
use crate::context::Context;

/// Routes of one answer, at most.
const MOST: usize = 1000;

/// All that are asked for.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) judged: Vec<RouteStatus>,
    pub(super) by_state: ByState,
    pub(super) total: usize,
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
    Some(Routes::of(context, &Asked::default(), &Clocks::now()).by_state)
}

impl Routes {
    /// Judges them, and has those forgotten that are none any longer.
    pub(super) fn of(context: &Context, asked: &Asked, clocks: &Clocks) -> Self {
        let Some(find) = context.status.shared.routes.get() else {
            return Self::default();
        };
        let then = context.connections.turn();
        let served = find(asked);
        let mut judged = Vec::with_capacity(served.routes.len());
        let routes = served.routes.into_iter();
        for route in routes.filter(|route| asked.has(&route.name)) {
            let tally = tally(context, &route);
            let carried = tally.as_ref().map(|tally| tally.carried());
            let last: Option<Outcome> = tally.and_then(|tally| tally.last());
            let carried = carried.unwrap_or_default();
            judged.extend(RouteStatus::of(route, carried, last.as_ref(), clocks));
        }
        if asked.is_all() {
            let kept: HashSet<(Direction, &str)> = judged
                .iter()
                .map(|route| (route.direction, route.name.as_str()))
                .collect();
            context.connections.keep_routes(&kept, then);
        }
        let mut by_state = ByState {
            unknown: served.unlisted,
            ..ByState::default()
        };
        judged.iter().for_each(|route| by_state.count(route.state));
        Self {
            by_state,
            total: judged.len() + served.unlisted,
            judged,
        }
    }

    /// The worst first, explained. Of too many those are told that something has come back over, and then the worst: under
    /// a wildcard anybody can make up names that are down.
    pub(super) fn told(self) -> Vec<RouteStatus> {
        let mut routes = self.judged;
        if routes.len() > MOST {
            routes.sort_by_key(|route| (route.answered == 0, route.state, Reverse(route.opened)));
            routes.truncate(MOST);
        }
        // Those of one state stay in the order that the server has them in.
        routes.sort_by_key(|route| route.state);
        routes.into_iter().map(RouteStatus::explained).collect()
    }
}

/// A host that no server name has been seen for was never counted; one of the same name was.
fn tally(context: &Context, route: &ServedRoute) -> Option<std::sync::Arc<Tally>> {
    let asked = route.direction != Direction::Passthrough || route.sni.is_some();
    let connections = &context.connections;
    asked
        .then(|| connections.tally(route.direction, &route.name))
        .flatten()
}
