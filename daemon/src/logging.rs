//! Log lines: text for people, JSON for collectors, on standard error.
//!
//! Standard error, because standard output belongs to what a command prints as its result. Lines
//! are written by a thread of their own (see [`writer`]): a log that nobody reads must not stop data.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::args::LogFormat;

mod filter;
mod json;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use filter::{LogFilter, LogFilterError};
use json::JsonLines;
use writer::LineWriter;

/// Changes what is logged while the process runs; clones change the same.
#[derive(Clone)]
pub struct LogControl {
    handle: reload::Handle<Targets, Registry>,
    current: Arc<Mutex<LogFilter>>,
    writer: LineWriter,
}

/// Logging was set up before in this process.
#[derive(Debug, thiserror::Error)]
#[error("logging is set up already in this process")]
pub struct AlreadyLogging;

/// Sets up logging for the whole process, panics included.
pub fn init(filter: &LogFilter, format: LogFormat) -> Result<LogControl, AlreadyLogging> {
    let writer = LineWriter::start(std::io::stderr());
    let (control, subscriber) = build(filter, format, colours(), writer);
    subscriber.try_init().map_err(|_| AlreadyLogging)?;
    log_panics(control.clone());
    Ok(control)
}

fn build(
    filter: &LogFilter,
    format: LogFormat,
    ansi: bool,
    writer: LineWriter,
) -> (LogControl, impl tracing::Subscriber + Send + Sync) {
    let (targets, handle) = reload::Layer::new(filter.targets());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer.clone())
        .log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.compact().with_ansi(ansi).boxed(),
        LogFormat::Json => lines.event_format(JsonLines).with_ansi(false).boxed(),
    };
    let current = Arc::new(Mutex::new(filter.clone()));
    let control = LogControl {
        handle,
        current,
        writer,
    };
    (
        control,
        tracing_subscriber::registry().with(targets).with(lines),
    )
}

/// Colours only where a person sees them (no-color.org).
fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stderr().is_terminal()
}

/// A panic ends one task, not the process; it must not end unseen either.
fn log_panics(control: LogControl) {
    std::panic::set_hook(Box::new(move |panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("no message");
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            tracing::error!(%place, %backtrace, "a task has panicked, which is a bug: {message}");
        } else {
            tracing::error!(%place, "a task has panicked, which is a bug: {message}");
        }
        // If this was the main thread, nothing else will write the line.
        control.flush(Duration::from_millis(200));
    }));
}

impl LogControl {
    /// What is logged now.
    pub fn current(&self) -> LogFilter {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Logs by `filter` from now on.
    pub fn set(&self, filter: LogFilter) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // The subscriber lives as long as the process; there is nothing to be done if it is gone.
        if self.handle.reload(filter.targets()).is_ok() {
            *current = filter;
        }
    }

    /// Waits until all lines are written, but no longer than `at_most`.
    pub fn flush(&self, at_most: Duration) {
        self.writer.flush(at_most);
    }
}

impl std::fmt::Debug for LogControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogControl")
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}
