//! The whole answer.

use serde::Serialize;

use super::certificate::CertificateStatus;
use super::judged::RouteStatus;
use super::moment::{Clocks, Moment};
use super::route::Asked;
use super::routes::{ByState, Routes};
use super::{Reloaded, Role, ServedNames, Status};
use crate::connections::ConnectionRecord;
use crate::context::{Context, Listening};
use crate::readiness::Blocked;

/// What the members mean is said by this number: it changes where one is renamed or taken out.
const SCHEMA: u32 = 1;
/// Errors of the manifests in one answer, at most.
const MOST_ERRORS: usize = 100;
/// Connections of one answer, at most.
const MOST_ROWS: usize = 200;

/// Everything that is told at once.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    schema: u32,
    program: Program,
    now: Moment,
    uptime_seconds: f64,
    state: State,
    blocked: Vec<Blocked>,
    listeners: Vec<Listening>,
    routes: Vec<RouteStatus>,
    routes_total: usize,
    routes_by_state: ByState,
    certificates: Vec<CertificateStatus>,
    manifests: ManifestStatus,
    reload: ReloadStatus,
    connections: Rows,
    totals: Totals,
    names: Option<ServedNames>,
}

#[derive(Debug, Serialize)]
struct Program {
    name: Option<String>,
    role: Option<Role>,
    version: Option<String>,
    started: Moment,
    pid: u32,
    host: Option<String>,
    /// Nothing that a server is given says which it is in.
    cluster: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Starting,
    Ready,
    Unready,
    Draining,
}

#[derive(Debug, Serialize)]
struct ManifestStatus {
    errors: Vec<String>,
    errors_total: usize,
}

#[derive(Debug, Serialize)]
struct ReloadStatus {
    outcome: ReloadOutcome,
    what: Option<&'static str>,
    at: Option<Moment>,
    message: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ReloadOutcome {
    None,
    Ok,
    Failed,
}

#[derive(Debug, Serialize)]
struct Rows {
    open: usize,
    shown: usize,
    rows: Vec<ConnectionRecord>,
}

#[derive(Debug, Serialize)]
struct Totals {
    opened: u64,
    closed: u64,
    uncounted: u64,
    bytes_to_upstream: u64,
    bytes_to_peer: u64,
}

/// How the process does now, with the routes that are asked for.
pub(crate) fn document(context: &Context, asked: &Asked) -> Document {
    let clocks = Clocks::now();
    let now = clocks.this();
    let status = &context.status;
    context.connections.count_bytes();
    let blocked = context.readiness.ready().err().unwrap_or_default();
    let routes = Routes::of(context, asked, &clocks);
    let shared = &status.shared;
    let certificates = shared.certificates.get().map(|find| find());
    let certificates = certificates.into_iter().flatten();
    Document {
        schema: SCHEMA,
        program: program(status),
        now,
        uptime_seconds: shared.begun.elapsed().as_secs_f64(),
        state: state(context, &blocked),
        blocked,
        listeners: super::lock(&shared.listeners).clone(),
        routes_total: routes.by_state.total(),
        routes_by_state: routes.by_state,
        routes: routes.told,
        certificates: certificates
            .map(|held| CertificateStatus::of(held, now.0))
            .collect(),
        manifests: ManifestStatus::of(&super::lock(&shared.manifest_errors)),
        reload: ReloadStatus::of(status.last_reload()),
        connections: rows(context),
        totals: totals(context),
        names: shared.names.get().map(|find| find()),
    }
}

fn program(status: &Status) -> Program {
    let (name, version) = status.shared.program.get().cloned().unzip();
    let host = rustix::system::uname();
    Program {
        name,
        role: status.shared.role.get().copied(),
        version,
        started: status.shared.started,
        pid: std::process::id(),
        host: host.nodename().to_str().ok().map(str::to_owned),
        cluster: None,
    }
}

fn state(context: &Context, blocked: &[Blocked]) -> State {
    match (context.shutdown.is_draining(), blocked) {
        (true, _) => State::Draining,
        (false, []) => State::Ready,
        (false, _) if !context.has_started() => State::Starting,
        (false, _) => State::Unready,
    }
}

impl ManifestStatus {
    fn of(errors: &[String]) -> Self {
        Self {
            errors: errors.iter().take(MOST_ERRORS).cloned().collect(),
            errors_total: errors.len(),
        }
    }
}

impl ReloadStatus {
    fn of(last: Option<Reloaded>) -> Self {
        let outcome = match &last {
            None => ReloadOutcome::None,
            Some(last) if last.taken => ReloadOutcome::Ok,
            Some(_) => ReloadOutcome::Failed,
        };
        Self {
            outcome,
            what: last.as_ref().map(|last| last.what.what()),
            at: last.as_ref().map(|last| Moment(last.at)),
            message: last.map(|last| last.said),
        }
    }
}

/// The newest, as `/connections` has them, but for the whole name of their routes.
fn rows(context: &Context) -> Rows {
    let mut rows = context.connections.snapshot();
    let open = rows.len();
    let mut rows = rows.split_off(open.saturating_sub(MOST_ROWS));
    for row in &mut rows {
        row.route = row.route_name.take();
    }
    Rows {
        open,
        shown: rows.len(),
        rows,
    }
}

fn totals(context: &Context) -> Totals {
    let carried = context.connections.carried();
    let [bytes_to_upstream, bytes_to_peer] = carried.bytes;
    Totals {
        opened: carried.opened,
        closed: carried.closed,
        uncounted: context.connections.uncounted(),
        bytes_to_upstream,
        bytes_to_peer,
    }
}
