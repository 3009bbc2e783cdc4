//! What a server tells, as far as people are shown it: `GET /status.json`.

use serde::Deserialize;
use serde_json::Value;

use super::server::{AdminArgs, AdminError};

/// Where it tells that.
const STATUS: &str = "/status.json";

/// The form that is understood here.
const SCHEMA: u64 = 1;

/// All of it, and what of it is shown.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) whole: Value,
    pub(super) status: Status,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) program: Program,
    pub(super) now: String,
    pub(super) uptime_seconds: f64,
    pub(super) state: String,
    pub(super) blocked: Vec<Blocked>,
    pub(super) listeners: Vec<Listener>,
    pub(super) routes: Vec<Route>,
    pub(super) routes_total: usize,
    /// Of all, where the server says it.
    pub(super) routes_by_state: Option<ByState>,
    pub(super) certificates: Vec<Certificate>,
    /// Servers before it was told say nothing of it.
    #[serde(default)]
    pub(super) manifests: Manifests,
    pub(super) reload: Reload,
    pub(super) connections: Connections,
    pub(super) totals: Totals,
    pub(super) names: Option<Names>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Program {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    /// Tells it apart from another that has its number.
    pub(super) started: Option<String>,
    pub(super) pid: u32,
    pub(super) host: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Blocked {
    pub(super) name: String,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) address: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RouteState {
    Down,
    Degraded,
    Up,
    Unknown,
    /// One that a later version has.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct ByState {
    down: usize,
    degraded: usize,
    up: usize,
    unknown: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Route {
    pub(super) name: String,
    pub(super) direction: String,
    pub(super) state: RouteState,
    pub(super) reason: Option<String>,
    pub(super) listens: Vec<String>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) identities: Vec<String>,
    pub(super) origin: Option<String>,
    pub(super) explain: Vec<String>,
    pub(super) open: Option<u64>,
    pub(super) opened: Option<u64>,
    pub(super) last: Option<Last>,
}

/// What came of a route's last connection.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Last {
    at: String,
    since: Option<String>,
    outcome: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Endpoint {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Certificate {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) file: String,
    pub(super) not_after: String,
    pub(super) seconds_left: i64,
    pub(super) state: String,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Manifests {
    pub(super) errors: Vec<String>,
    pub(super) errors_total: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reload {
    pub(super) outcome: String,
    pub(super) at: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Connections {
    pub(super) open: usize,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) connection_id: Option<String>,
    pub(super) state: String,
    pub(super) peer: String,
    pub(super) identity: Option<String>,
    pub(super) route: Option<String>,
    pub(super) bytes_to_upstream: u64,
    pub(super) bytes_to_peer: u64,
    pub(super) age_seconds: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Totals {
    pub(super) opened: u64,
    #[serde(default)]
    pub(super) uncounted: u64,
    pub(super) bytes_to_upstream: u64,
    pub(super) bytes_to_peer: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Names {
    pub(super) aliases: usize,
    pub(super) down: Vec<DownName>,
    pub(super) name_servers: Vec<NameServer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DownName {
    pub(super) alias: String,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NameServer {
    pub(super) address: String,
    pub(super) state: String,
}

impl Told {
    /// Asks.
    pub(super) fn by(server: &AdminArgs) -> Result<Self, AdminError> {
        Self::answered(server, "")
    }

    /// Asks for the routes alone that have this in their name.
    pub(super) fn of_routes(server: &AdminArgs, name: &str) -> Result<Self, AdminError> {
        Self::answered(server, &format!("?route={}", encoded(name)))
    }

    fn answered(server: &AdminArgs, query: &str) -> Result<Self, AdminError> {
        let whole: Value = server.get(STATUS, query)?;
        let address = server.admin;
        match whole.get("schema").and_then(Value::as_u64) {
            Some(SCHEMA) => {}
            Some(theirs) => {
                let ours = SCHEMA;
                return Err(AdminError::OtherForm {
                    address,
                    theirs,
                    ours,
                });
            }
            None => return Err(server.tells_else(STATUS)),
        }
        let status = Status::deserialize(&whole).map_err(|_| server.tells_else(STATUS))?;
        Ok(Self { whole, status })
    }
}

impl Status {
    /// Whether a route cannot be used.
    pub(super) fn is_any_down(&self) -> bool {
        self.count(RouteState::Down) > 0
    }

    /// How many routes are in a state: of all, as far as that is told.
    pub(super) fn count(&self, state: RouteState) -> usize {
        let told = self.routes.iter().filter(|route| route.state == state);
        match (self.routes_by_state, state) {
            (Some(all), RouteState::Down) => all.down,
            (Some(all), RouteState::Degraded) => all.degraded,
            (Some(all), RouteState::Up) => all.up,
            (Some(all), RouteState::Unknown) => all.unknown,
            (_, RouteState::Other) | (None, _) => told.count(),
        }
    }

    /// Routes that there are besides those that are told.
    pub(super) fn untold(&self) -> usize {
        self.routes_total.saturating_sub(self.routes.len())
    }
}

impl Route {
    /// Why it does as it does; where a failure is the last that is known, how old that is.
    pub(super) fn why(&self) -> Option<String> {
        let reason = self.reason.clone()?;
        let last = self.last.as_ref().filter(|last| last.outcome == "failed");
        Some(match (last, self.state) {
            (Some(last), RouteState::Down) => {
                let since = match self.open {
                    Some(0) => "; nobody has tried since",
                    _ => "",
                };
                format!("{reason} ({}{since})", last.when())
            }
            _ => reason,
        })
    }
}

impl Last {
    fn when(&self) -> String {
        let at = &self.at;
        match &self.since {
            Some(since) if since != at => format!("since {since}, tried last at {at}"),
            _ => format!("tried last at {at}"),
        }
    }
}

/// As a value in a query (RFC 3986): what is no letter, digit or one of `-._:` in hexadecimal digits.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b':' => encoded.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte.into()),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl RouteState {
    /// In a table: a word and not a colour alone.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::Degraded => "DEGRADED",
            Self::Up => "up",
            Self::Unknown => "unknown",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests;
