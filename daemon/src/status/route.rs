//! A route as a server describes it.

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;
use tokio::time::Instant;

use crate::connections::Direction;

/// Takes the routes of a server as they are now, one after the other: there may be a hundred thousand, of which no more
/// are held than somebody is to read.
pub type TakeRoute<'a> = &'a mut dyn FnMut(ServedRoute);

/// Which routes somebody wants to hear of.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    name: Option<String>,
}

impl Asked {
    /// Those that have this text in their name.
    pub fn of(name: &str) -> Self {
        Self {
            name: Some(name.to_ascii_lowercase()),
        }
    }

    /// Whether all are wanted.
    pub fn is_all(&self) -> bool {
        self.name.is_none()
    }

    /// Whether a route of this name is one of them.
    pub fn has(&self, route: &str) -> bool {
        match &self.name {
            Some(name) => route.to_ascii_lowercase().contains(name),
            None => true,
        }
    }
}

/// One route of a server, by its configuration.
#[derive(Debug)]
pub struct ServedRoute {
    /// What its connections are counted under.
    pub name: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Whether it can be used at all.
    pub fitness: Fitness,
    /// Whether the configuration has its name.
    pub listing: Listing,
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
    pub explain: Explain,
}

/// Sentences that are made when somebody is to read them: of thousands of routes, a part is told, and for a metric
/// none.
#[derive(Default)]
pub struct Explain(Option<Box<dyn FnOnce() -> Vec<String>>>);

impl Explain {
    /// Those that this makes.
    pub fn by(make: impl FnOnce() -> Vec<String> + 'static) -> Self {
        Self(Some(Box::new(make)))
    }

    pub(super) fn told(self) -> Vec<String> {
        self.0.map(|make| make()).unwrap_or_default()
    }
}

impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explain").finish_non_exhaustive()
    }
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

/// How the configuration has the name of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// As it stands: it is a route whether or not anybody comes.
    Named,
    /// By a pattern, so that there are as many as clients can think of.
    ByPattern,
    /// No longer: it is a route as long as connections are open.
    Withdrawn,
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
    /// When that was so; `None` where it is now, or nobody knows.
    #[serde(skip)]
    pub seen: Option<Instant>,
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

    /// Whether a failure is one of a dial: nobody was there to say anything.
    pub(super) fn is_of_dial(code: &str) -> bool {
        code.starts_with("dial_") || Self::of_failure(code) == Self::Unresolved
    }

    pub(super) const fn is_bad(self) -> bool {
        matches!(self, Self::Ejected | Self::Unresolved | Self::Down)
    }
}
