//! Metrics in Prometheus' text format.
//!
//! Servers and libraries count through the `metrics` facade; this is where it ends. Rendering and
//! upkeep take milliseconds where there are many series, so they run on the control thread, never on
//! one that moves data. Series are never evicted: a handle held by a server would go on counting
//! into nothing. Label sets are bounded by whoever labels.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{HeaderValue, VARY};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::connections::Direction;
use crate::context::Context;
use crate::http::{Reply, accept, not_found, reply, text};
use crate::status::{ByState, by_state};

mod openmetrics;
mod process;

const PATHS: [&str; 2] = ["/metrics", "/stats/prometheus"];

/// Log lines that were lost. There from the start: an alert is to see the first one.
pub(crate) const DROPPED_LINES: &str = "eastwest_log_lines_dropped_total";

/// Routes, in the words of the status.
const ROUTES: &str = "eastwest_routes";

/// Upper bounds, in seconds, of every histogram whose name ends in `_seconds`: from a dial within
/// a node to a connect that was given up.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Histogram samples wait in memory until they are counted into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process's recorder; there can be only one.
static RECORDER: OnceLock<Metrics> = OnceLock::new();

/// The end of the `metrics` facade in this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Takes the facade's place in this process, or returns what has taken it before.
    pub fn install() -> Self {
        RECORDER
            .get_or_init(|| {
                let seconds = Matcher::Suffix("_seconds".to_owned());
                let builder = PrometheusBuilder::new();
                // It refuses an empty list only, which this isn't; summaries would do as well.
                let builder = builder
                    .set_buckets_for_metric(seconds, &SECONDS)
                    .unwrap_or_else(|_| PrometheusBuilder::new());
                let recorder = builder.build_recorder();
                let handle = recorder.handle();
                // Refused if a test has set another recorder; this one then renders nothing.
                let _ = metrics::set_global_recorder(recorder);
                describe();
                counter!(DROPPED_LINES).increment(0);
                Self { handle }
            })
            .clone()
    }

    /// Counts waiting histogram samples every few seconds, on the current runtime.
    pub(crate) fn spawn_upkeep(&self) {
        let handle = self.handle.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(UPKEEP);
            loop {
                tick.tick().await;
                handle.run_upkeep();
            }
        });
    }

    /// Everything, as a scrape gets it.
    pub fn render(&self, context: &Context) -> String {
        for direction in Direction::ALL {
            let open = context.connections.count(direction);
            gauge!("eastwest_connections_open", "direction" => direction.as_str()).set(open as f64);
        }
        gauge!("eastwest_ready").set(if context.readiness.ready().is_ok() {
            1.0
        } else {
            0.0
        });
        process::sample();
        context.connections.count_bytes();
        for (state, count) in by_state(context).into_iter().flat_map(ByState::each) {
            gauge!(ROUTES, "state" => state).set(count as f64);
        }
        context.samples.take();
        self.handle.render()
    }
}

/// Says which build this is and when it started; once, at the start.
pub(crate) fn identify(program: &str, version: &str) {
    let labels = [
        ("program", program.to_owned()),
        ("version", version.to_owned()),
    ];
    gauge!("eastwest_build_info", &labels).set(1.0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    gauge!("process_start_time_seconds").set(now.as_secs_f64());
}

/// Tasks of the runtime that moves data, as of now.
pub(crate) fn count_tasks(tasks: usize) {
    gauge!("eastwest_tasks").set(tasks as f64);
}

fn describe() {
    describe_gauge!(
        ROUTES,
        "All routes, by state, as /status.json counts them in routes_by_state."
    );
    describe_gauge!(
        "eastwest_tasks",
        "Tasks of the threads that move data: one for each connection, and some that stay."
    );
    describe_gauge!(
        "eastwest_build_info",
        "Always 1; the labels say which program and version."
    );
    describe_gauge!("eastwest_connections_open", "Connections open now.");
    describe_gauge!("eastwest_ready", "1 if the process is ready, else 0.");
    describe_counter!(
        DROPPED_LINES,
        "Log lines dropped because standard error was not read fast enough."
    );
    describe_gauge!(
        "process_start_time_seconds",
        "Start of the process, since the Unix epoch."
    );
    describe_counter!(
        "eastwest_connections_ended_total",
        "Connections that have ended, by direction and reason."
    );
    process::describe();
    crate::status::describe();
    crate::timings::describe();
    crate::traffic::describe();
    crate::reloads::describe();
}

/// Answers a scrape.
pub(crate) fn answer(metrics: &Metrics, context: &Context, head: &Parts, _: SocketAddr) -> Reply {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "metrics are read with GET");
    }
    match head.uri.path() {
        path if PATHS.contains(&path) => {
            let text = metrics.render(context);
            let (kind, body) = if openmetrics::is_accepted(&accept::of(head)) {
                (openmetrics::KIND, openmetrics::of(&text))
            } else {
                ("text/plain; version=0.0.4; charset=utf-8", text)
            };
            let mut reply = reply(StatusCode::OK, kind, body);
            reply
                .headers_mut()
                .insert(VARY, HeaderValue::from_static("Accept"));
            reply
        }
        path => not_found(path, PATHS),
    }
}
