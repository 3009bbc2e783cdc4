//! The admin calls, and who may make them.

use std::net::SocketAddr;

use hyper::header::{ALLOW, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::json;

use super::{host, page, query};
use crate::context::Context;
use crate::http::{self, Reply, not_found, text};
use crate::logging::{LogControl, LogFilter};
use crate::status::{self, Asked};

#[cfg(test)]
mod tests;

/// Rows of `/connections` if the call doesn't say: a page for a person, not a memory peak.
const DEFAULT_ROWS: usize = 1000;
/// Rows of one answer, at most: it is held as a whole until the client has read it, and 64 clients that do not
/// read hold as many answers.
const MOST_ROWS: usize = 2000;

/// The calls that every process has: path, and what the index says.
const CALLS: [(&str, &str); 9] = [
    ("/", "this list; for a browser, a page of what goes on"),
    (
        "/status.json",
        "state, routes, certificates and connections in one object, for programs; ?route=TEXT for routes with that in \
         their name",
    ),
    (
        "/config_dump",
        "all sections that are listed without a word below, in one object",
    ),
    (
        "/connections",
        "live connections; ?limit=N rows, 1000 unless given, 2000 at most",
    ),
    (
        "/history.json",
        "when connections came how far, of the last 1000 that ended and those that live; ?limit=N as above",
    ),
    (
        "/logging",
        "what is logged; POST /logging?level=debug changes it",
    ),
    ("/drain", "POST: drain and end, as on SIGTERM"),
    (
        "/reload",
        "POST: read manifests and certificates again, as on SIGHUP",
    ),
    ("/quitquitquit", "POST: reset every connection and end now"),
];

/// What the calls work on.
pub(crate) struct AdminCalls {
    context: Context,
    log: Option<LogControl>,
}

impl AdminCalls {
    pub(crate) fn new(context: Context, log: Option<LogControl>) -> Self {
        Self { context, log }
    }
}

/// Answers one call.
pub(crate) fn answer(calls: &AdminCalls, head: &Parts, peer: SocketAddr) -> Reply {
    if let Err(name) = host::check(&head.headers) {
        return text(StatusCode::MISDIRECTED_REQUEST, &host::refusal(&name));
    }
    match head.method {
        Method::GET | Method::HEAD => read(calls, head),
        Method::POST => match may_change(head, peer) {
            Ok(()) => change(calls, head, peer),
            Err(why) => text(StatusCode::FORBIDDEN, why),
        },
        _ => wrong_method("GET, POST"),
    }
}

fn read(calls: &AdminCalls, head: &Parts) -> Reply {
    let admin = &calls.context.admin;
    match head.uri.path() {
        "/" if page::is_wanted(head) => page::reply(),
        "/" => page::varying(index(calls)),
        "/status.json" => {
            let asked = query::value(head.uri.query(), "route");
            let asked = asked.map_or_else(Asked::default, |name| Asked::of(&name));
            http::compact_json(&status::document(&calls.context, &asked))
        }
        "/config_dump" => http::json(&admin.show_all()),
        "/connections" => connections(&calls.context, head.uri.query()),
        "/history.json" => history(&calls.context, head.uri.query()),
        "/logging" => match &calls.log {
            Some(log) => text(StatusCode::OK, &format!("level={}", log.current())),
            None => no_logging(),
        },
        "/drain" | "/reload" | "/quitquitquit" => wrong_method("POST"),
        path => match path.strip_prefix('/').and_then(|name| admin.show(name)) {
            Some(value) => http::json(&value),
            None => unknown(calls, path),
        },
    }
}

fn change(calls: &AdminCalls, head: &Parts, peer: SocketAddr) -> Reply {
    let context = &calls.context;
    match head.uri.path() {
        "/logging" => set_level(calls, head.uri.query()),
        "/drain" => {
            context
                .shutdown
                .request_drain(true, format!("POST /drain from {peer}"));
            text(
                StatusCode::OK,
                "draining; the process ends when connections have, or the grace time is over",
            )
        }
        "/reload" => {
            tracing::info!(%peer, "asked by POST /reload to read manifests and certificates again");
            context.request_reload();
            text(StatusCode::OK, "reloading; the log says what came of it")
        }
        "/quitquitquit" => {
            tracing::info!(%peer, "asked to end now by POST /quitquitquit");
            context.shutdown.quit();
            text(StatusCode::OK, "ending now")
        }
        path if path_exists(calls, path) => wrong_method("GET"),
        path => unknown(calls, path),
    }
}

/// Only from this host, and not by a page in a browser on it: any site could make one post here.
fn may_change(head: &Parts, peer: SocketAddr) -> Result<(), &'static str> {
    if !peer.ip().to_canonical().is_loopback() {
        return Err(
            "calls that change something are taken from loopback only: run it in the pod or on the host",
        );
    }
    if head.headers.contains_key(ORIGIN) {
        return Err("calls that change something are not taken from web pages");
    }
    Ok(())
}

fn connections(context: &Context, query: Option<&str>) -> Reply {
    let Some(limit) = limit(query) else {
        return no_limit();
    };
    let mut rows = context.connections.snapshot();
    let open = rows.len();
    // The newest are those a person is looking for.
    let rows = rows.split_off(open.saturating_sub(limit));
    http::json(&json!({ "open": open, "shown": rows.len(), "connections": rows }))
}

fn history(context: &Context, query: Option<&str>) -> Reply {
    match limit(query) {
        Some(limit) => http::json(&context.connections.timelines(limit)),
        None => no_limit(),
    }
}

/// How many rows are asked for; none where that is no number.
fn limit(query: Option<&str>) -> Option<usize> {
    match query::value(query, "limit").map(|limit| limit.parse::<usize>()) {
        None => Some(DEFAULT_ROWS),
        Some(limit) => Some(limit.ok()?.min(MOST_ROWS)),
    }
}

fn no_limit() -> Reply {
    text(
        StatusCode::BAD_REQUEST,
        "limit is a number of rows, as in ?limit=50",
    )
}

fn set_level(calls: &AdminCalls, query: Option<&str>) -> Reply {
    let Some(log) = &calls.log else {
        return no_logging();
    };
    let Some(level) = query::value(query, "level") else {
        return text(
            StatusCode::BAD_REQUEST,
            "say which level: POST /logging?level=debug",
        );
    };
    match level.parse::<LogFilter>() {
        Ok(filter) => {
            log.set(filter);
            let now = log.current();
            tracing::info!(level = %now, "log level changed");
            text(StatusCode::OK, &format!("level={now}"))
        }
        Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn no_logging() -> Reply {
    text(
        StatusCode::NOT_FOUND,
        "this process's log is not controlled from here",
    )
}

fn wrong_method(allowed: &'static str) -> Reply {
    let mut reply = text(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("this call is made with {allowed}"),
    );
    reply
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    reply
}

fn section_paths(calls: &AdminCalls) -> impl Iterator<Item = String> {
    calls
        .context
        .admin
        .names()
        .into_iter()
        .map(|name| format!("/{name}"))
}

fn path_exists(calls: &AdminCalls, path: &str) -> bool {
    CALLS.iter().any(|(call, _)| *call == path) || section_paths(calls).any(|known| known == path)
}

fn unknown(calls: &AdminCalls, path: &str) -> Reply {
    let sections: Vec<String> = section_paths(calls).collect();
    let fixed = CALLS.iter().map(|(call, _)| *call);
    not_found(path, fixed.chain(sections.iter().map(String::as_str)))
}

fn index(calls: &AdminCalls) -> Reply {
    let mut lines: Vec<String> = CALLS
        .iter()
        .map(|(path, about)| format!("{path:<16} {about}"))
        .collect();
    lines.extend(section_paths(calls));
    text(StatusCode::OK, &lines.join("\n"))
}
