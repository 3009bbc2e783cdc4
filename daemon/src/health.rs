//! The probes' address: `/healthz/ready`, `/livez`, `/startup`.
//!
//! Served on the runtime that moves data, so that what answers is what matters: if its threads are
//! stuck, the probes fail.

use std::net::SocketAddr;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use crate::http::{Reply, not_found, text};
use crate::readiness::{Blocked, Readiness};

const PATHS: [&str; 3] = ["/healthz/ready", "/livez", "/startup"];

pub(crate) fn answer(readiness: &Readiness, head: &Parts, _: SocketAddr) -> Reply {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "probes are asked with GET");
    }
    match head.uri.path() {
        "/healthz/ready" => verdict("ready", readiness.ready()),
        "/startup" => verdict("started", readiness.started()),
        "/livez" => text(StatusCode::OK, "alive"),
        path => not_found(path, PATHS),
    }
}

fn verdict(yes: &str, state: Result<(), Vec<Blocked>>) -> Reply {
    let Err(blocked) = state else {
        return text(StatusCode::OK, yes);
    };
    let reasons: Vec<String> = blocked.iter().map(ToString::to_string).collect();
    text(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("not {yes}\n{}", reasons.join("\n")),
    )
}
