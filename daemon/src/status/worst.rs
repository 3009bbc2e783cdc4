//! The routes of one answer: of too many a part, and no more held on the way than twice as many.

use std::cmp::Reverse;

use super::judged::RouteStatus;

/// Routes of one answer, at most.
const MOST: usize = 1000;

/// Those that are told. Of too many it is the ones that something has come back over, and then the worst: under a
/// wildcard anybody can make up names that are down.
#[derive(Debug, Default)]
pub(super) struct Worst {
    routes: Vec<RouteStatus>,
}

impl Worst {
    /// One more.
    pub(super) fn put(&mut self, route: RouteStatus) {
        // So rarely that sorting costs each of them a constant.
        if self.routes.len() == 2 * MOST {
            self.leave_out();
        }
        self.routes.push(route);
    }

    /// The worst first; those of one state in the order in which they came, unless there were too many.
    pub(super) fn in_order(mut self) -> Vec<RouteStatus> {
        if self.routes.len() > MOST {
            self.leave_out();
        }
        self.routes.sort_by_key(|route| route.state);
        self.routes
    }

    fn leave_out(&mut self) {
        let routes = &mut self.routes;
        routes.sort_by_key(|route| (route.answered == 0, route.state, Reverse(route.opened)));
        routes.truncate(MOST);
    }
}
