//! A route as a server describes it, and how it does, judged by what came of its connections.

use std::net::SocketAddr;

use serde::Serialize;

use super::moment::Moment;
use crate::connections::{Carried, Direction, Failure, Outcome};

/// The routes of a server as they are now.
#[derive(Debug, Default)]
pub struct ServedRoutes {
    /// Those that are told.
    pub routes: Vec<ServedRoute>,
    /// How many more there are, of which nothing is known but that nobody has come for them.
    pub unlisted: usize,
}

/// One route of a server, by its configuration.
#[derive(Debug, Clone)]
pub struct ServedRoute {
    /// What its connections are counted under.
    pub name: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Whether it can be used at all.
    pub fitness: Fitness,
    /// The server name that is sent, or was.
    pub sni: Option<String>,
    /// Where it is listened for.
    pub listens: Vec<SocketAddr>,
    /// Where its connections are dialled.
    pub endpoints: Vec<RouteEndpoint>,
    /// Who may be at the far end. An empty list means anybody of the trust domain for an outbound route,
    /// and nobody for an inbound one.
    pub identities: Vec<String>,
    /// Where it is written.
    pub origin: Option<String>,
    /// Why it is as it is.
    pub explain: Vec<String>,
}

/// Whether a route can be used, as far as this process is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fitness {
    /// It can.
    Whole,
    /// In part, and why.
    Impaired(String),
    /// Not at all, and why.
    Down(String),
}

/// One place where a route's connections are dialled.
#[derive(Debug, Clone, Serialize)]
pub struct RouteEndpoint {
    /// An address or name with its port.
    pub address: String,
    /// How it does; `None` where nobody but the route's own connections knows.
    pub state: Option<EndpointState>,
    /// Why it does not do well.
    pub reason: Option<String>,
    /// `region/zone/subzone`
    pub locality: Option<String>,
}

/// How an endpoint does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointState {
    /// It answered last time.
    Up,
    /// It is tried after the others.
    Ejected,
    /// Its name has no address.
    Unresolved,
    /// It did not answer last time.
    Down,
    /// Nobody has asked it, or what came of it says nothing.
    Unknown,
}

impl EndpointState {
    /// What this failure of a dial means for the place that was dialled.
    pub fn of_failure(code: &str) -> Self {
        match code {
            "name_not_found" | "name_lookup_failed" => Self::Unresolved,
            _ => Self::Down,
        }
    }

    const fn is_bad(self) -> bool {
        matches!(self, Self::Ejected | Self::Unresolved | Self::Down)
    }
}

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
    outcome: LastOutcome,
    code: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum LastOutcome {
    Made,
    Failed,
}

/// A route as the status shows it.
#[derive(Debug, Serialize)]
pub(super) struct RouteStatus {
    name: String,
    direction: Direction,
    pub(super) state: RouteState,
    pub(super) reason: Option<String>,
    sni: Option<String>,
    listens: Vec<SocketAddr>,
    pub(super) endpoints: Vec<RouteEndpoint>,
    identities: Vec<String>,
    origin: Option<String>,
    explain: Vec<String>,
    open: u64,
    pub(super) opened: u64,
    failed: u64,
    bytes_to_upstream: u64,
    pub(super) bytes_to_peer: u64,
    last: Option<Last>,
}

impl RouteStatus {
    pub(super) fn of(mut route: ServedRoute, carried: Carried, last: Option<Outcome>) -> Self {
        let failure = last.as_ref().and_then(|last| last.failure.as_ref());
        for endpoint in &mut route.endpoints {
            endpoint.judge(last.is_some(), failure);
        }
        let open = carried.opened.saturating_sub(carried.closed);
        let (state, reason) = judge(&route, open, last.is_some(), failure);
        let [bytes_to_upstream, bytes_to_peer] = carried.bytes;
        Self {
            state,
            reason,
            open,
            opened: carried.opened,
            failed: carried.failed,
            bytes_to_upstream,
            bytes_to_peer,
            last: last.map(|last| Last {
                at: Moment(last.at),
                outcome: match last.failure {
                    Some(_) => LastOutcome::Failed,
                    None => LastOutcome::Made,
                },
                code: last.failure.map(|failure| failure.code),
            }),
            name: route.name,
            direction: route.direction,
            sni: route.sni,
            listens: route.listens,
            endpoints: route.endpoints,
            identities: route.identities,
            origin: route.origin,
            explain: route.explain,
        }
    }
}

impl RouteEndpoint {
    /// What the route's last connection says of it, where nobody else does.
    fn judge(&mut self, tried: bool, failure: Option<&Failure>) {
        if self.state.is_some() {
            return;
        }
        self.state = Some(match failure {
            Some(failure) => EndpointState::of_failure(failure.code),
            None if tried => EndpointState::Up,
            None => EndpointState::Unknown,
        });
        self.reason = failure.map(|failure| failure.said.to_string());
    }

    fn is_bad(&self) -> bool {
        self.state.is_some_and(EndpointState::is_bad)
    }

    fn said(&self) -> String {
        match &self.reason {
            // A failed dial names the place itself.
            Some(reason) if reason.contains(&self.address) => reason.clone(),
            Some(reason) => format!("{}: {reason}", self.address),
            None => format!("{} does not answer", self.address),
        }
    }
}

/// What counts, in this order: what the configuration rules out, what came of the last connection, and
/// what is known of the places where the next will be dialled.
fn judge(
    route: &ServedRoute,
    open: u64,
    tried: bool,
    failure: Option<&Failure>,
) -> (RouteState, Option<String>) {
    if let Fitness::Down(why) = &route.fitness {
        return (RouteState::Down, Some(why.clone()));
    }
    if let Some(failure) = failure {
        return match open {
            0 => (RouteState::Down, Some(failure.said.to_string())),
            _ => {
                let why = format!("a new connection came to nothing: {}", failure.said);
                (RouteState::Degraded, Some(why))
            }
        };
    }
    let bad: Vec<_> = route.endpoints.iter().filter(|one| one.is_bad()).collect();
    if !bad.is_empty() {
        let all = bad.len() == route.endpoints.len();
        let state = match all && open == 0 {
            true => RouteState::Down,
            false => RouteState::Degraded,
        };
        let why: Vec<_> = bad.iter().map(|one| one.said()).collect();
        return (state, Some(why.join("; ")));
    }
    if let Fitness::Impaired(why) = &route.fitness {
        return (RouteState::Degraded, Some(why.clone()));
    }
    match tried {
        true => (RouteState::Up, None),
        false => (RouteState::Unknown, None),
    }
}
