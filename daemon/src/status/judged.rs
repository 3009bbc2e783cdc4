//! How a route does, judged by what came of its connections.

use std::net::SocketAddr;

use serde::Serialize;

use super::moment::{Clocks, Moment};
use super::route::{EndpointState, Explain, Fitness, RouteEndpoint, ServedRoute};
use super::seen::{STALE, Seen};
use crate::connections::{Attempt, Carried, Direction, Outcome};

/// How a route does, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RouteState {
    Down,
    Degraded,
    Up,
    Unknown,
}

/// What came of the last connection.
#[derive(Debug, Serialize)]
struct Last {
    at: Moment,
    since: Moment,
    outcome: LastOutcome,
    code: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum LastOutcome {
    Made,
    Silent,
    Failed,
}

/// A route as the status shows it.
#[derive(Debug, Serialize)]
pub(super) struct RouteStatus {
    pub(super) name: String,
    pub(super) direction: Direction,
    pub(super) state: RouteState,
    pub(super) reason: Option<String>,
    sni: Option<String>,
    listens: Vec<SocketAddr>,
    pub(super) endpoints: Vec<RouteEndpoint>,
    identities: Vec<String>,
    origin: Option<String>,
    explain: Vec<String>,
    #[serde(skip)]
    unexplained: Explain,
    open: u64,
    pub(super) opened: u64,
    pub(super) answered: u64,
    failed: u64,
    bytes_to_upstream: u64,
    bytes_to_peer: u64,
    last: Option<Last>,
}

impl RouteStatus {
    /// None of what is a route no more: a name under a pattern that is not wanted, or never led anywhere.
    pub(super) fn of(
        mut route: ServedRoute,
        carried: Carried,
        last: Option<&Outcome>,
        clocks: &Clocks,
    ) -> Option<Self> {
        let seen = Seen {
            last,
            carried,
            clocks,
        };
        let open = carried.opened.saturating_sub(carried.closed);
        seen.keeps(route.listing).then_some(())?;
        for endpoint in &mut route.endpoints {
            seen.of_endpoint(endpoint);
        }
        let (state, reason) = seen.of_route(&route);
        let [bytes_to_upstream, bytes_to_peer] = carried.bytes;
        Some(Self {
            state,
            reason,
            open,
            opened: carried.opened,
            answered: carried.answered,
            failed: carried.failed,
            bytes_to_upstream,
            bytes_to_peer,
            last: last.map(Last::of),
            name: route.name,
            direction: route.direction,
            sni: route.sni,
            listens: route.listens,
            endpoints: route.endpoints,
            identities: route.identities,
            origin: route.origin,
            explain: Vec::new(),
            unexplained: route.explain,
        })
    }

    /// With why it is as it is.
    pub(super) fn explained(mut self) -> Self {
        self.explain = std::mem::take(&mut self.unexplained).told();
        self
    }
}

impl Last {
    fn of(last: &Outcome) -> Self {
        Self {
            at: Moment(last.at.clock),
            since: Moment(last.since.clock),
            outcome: match last.attempt {
                Attempt::Made => LastOutcome::Made,
                Attempt::Silent => LastOutcome::Silent,
                Attempt::Failed(_) => LastOutcome::Failed,
            },
            code: last.failure().map(|failure| failure.code),
        }
    }
}

impl Seen<'_> {
    /// A place that could not be dialled, and has been found to answer since, by a probe or a connection of another
    /// route.
    fn answers_since<'r>(&self, route: &'r ServedRoute) -> Option<&'r str> {
        let last = self.last?;
        let undialled = EndpointState::is_of_dial(last.failure()?.code);
        let answers = |one: &&RouteEndpoint| {
            let later = one.seen.is_some_and(|seen| seen > last.at.instant);
            one.state == Some(EndpointState::Up) && later
        };
        let place = route.endpoints.iter().find(answers)?;
        undialled.then_some(place.address.as_str())
    }

    /// What it says of a place, where nobody else does.
    fn of_endpoint(&self, endpoint: &mut RouteEndpoint) {
        let (state, seen) = match (endpoint.state, self.last) {
            (Some(state), _) => (state, endpoint.seen),
            (None, None) => (EndpointState::Unknown, None),
            (None, Some(last)) => {
                let failure = last.failure().filter(|_| !self.is_outlived());
                endpoint.reason = failure.map(|failure| failure.said.to_string());
                let state = match &last.attempt {
                    Attempt::Made => EndpointState::Up,
                    Attempt::Silent if self.is_talking() => EndpointState::Up,
                    Attempt::Silent => EndpointState::Unknown,
                    Attempt::Failed(_) if self.is_outlived() => EndpointState::Up,
                    Attempt::Failed(failure) => EndpointState::of_failure(failure.code),
                };
                (state, Some(last.at.instant))
            }
        };
        endpoint.state = Some(state);
        if let Some(seen) = seen.filter(|_| state.is_bad())
            && self.clocks.since(seen) >= STALE
        {
            endpoint.state = Some(EndpointState::Unknown);
            let own = self.last.filter(|last| last.at.instant == seen);
            let at = own.map_or_else(|| self.clocks.moment(seen), |last| Moment(last.at.clock));
            let said = endpoint.reason.as_deref().unwrap_or("it did not answer");
            endpoint.reason = Some(format!("it was down at {at}: {said}"));
        }
    }

    /// What counts, in this order: what the configuration rules out, what came of the last connection, and
    /// what is known of the places where the next will be dialled.
    fn of_route(&self, route: &ServedRoute) -> (RouteState, Option<String>) {
        if let Fitness::Down(why) = &route.fitness {
            return (RouteState::Down, Some(why.clone()));
        }
        if let (Some(last), Some(failure)) = (self.last, self.failure())
            && !self.is_outlived()
        {
            let said = &failure.said;
            let (state, why) = if self.is_talking() {
                let at = Moment(last.at.clock);
                let why = format!("a new connection came to nothing at {at}: {said}");
                (RouteState::Degraded, why)
            } else if self.nobody_is_there(route.listing) {
                let why = format!("a pattern allows this name, and nobody has it: {said}");
                (RouteState::Unknown, why)
            } else if self.is_unproven(route) {
                let why =
                    format!("a pattern allows this name, and nothing has ever come back: {said}");
                (RouteState::Unknown, why)
            } else if let Some(place) = self.answers_since(route) {
                let at = Moment(last.at.clock);
                let why = format!("it was down at {at}, and {place} answers since: {said}");
                (RouteState::Unknown, why)
            } else if self.is_stale() {
                let at = Moment(last.at.clock);
                let why = format!("it was down at {at}, and nobody has come for it since: {said}");
                (RouteState::Unknown, why)
            } else {
                (RouteState::Down, said.to_string())
            };
            return (state, Some(why));
        }
        let bad = route.endpoints.iter().filter(|one| is_bad(one));
        let bad: Vec<_> = bad.collect();
        if !bad.is_empty() {
            let all = bad.len() == route.endpoints.len();
            let state = match all && !self.is_talking() {
                true => RouteState::Down,
                false => RouteState::Degraded,
            };
            let why: Vec<_> = bad.iter().map(|one| said_of(one)).collect();
            return (state, Some(why.join("; ")));
        }
        if let Fitness::Impaired(why) = &route.fitness {
            return (RouteState::Degraded, Some(why.clone()));
        }
        match self.last.map(|last| &last.attempt) {
            Some(Attempt::Made) => (RouteState::Up, None),
            // One that waits for a question, or is only looked in with, says nothing against one that goes on; nor
            // does one that failed long ago.
            Some(Attempt::Silent | Attempt::Failed(_)) if self.is_talking() => {
                (RouteState::Up, None)
            }
            Some(Attempt::Silent) => {
                let why = "its last connection was made, and nothing has come back over it";
                (RouteState::Unknown, Some(why.to_owned()))
            }
            Some(Attempt::Failed(_)) | None => (RouteState::Unknown, None),
        }
    }
}

fn is_bad(endpoint: &RouteEndpoint) -> bool {
    endpoint.state.is_some_and(EndpointState::is_bad)
}

fn said_of(endpoint: &RouteEndpoint) -> String {
    match &endpoint.reason {
        // A failed dial names the place itself.
        Some(reason) if reason.contains(&endpoint.address) => reason.clone(),
        Some(reason) => format!("{}: {reason}", endpoint.address),
        None => format!("{} does not answer", endpoint.address),
    }
}
