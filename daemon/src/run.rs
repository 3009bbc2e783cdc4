//! From the command line to the exit status: the `main` of every server.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::args::Settings;
use crate::context::{Bound, Context};
use crate::file_limit::FileLimit;
use crate::in_full;
use crate::logging::{self, LogControl};
use crate::sandbox::{Sandbox, SandboxError};
use crate::settings::{Parsed, SettingsError, parse};
use crate::{file_limit, metrics};

mod awaited;
mod data;
mod supervise;
use awaited::when_all_is_there;
use data::DataRuntime;
use supervise::{Process, supervise};

/// How a process ended. `--help` lists the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Drained, or asked to quit: 0.
    Clean,
    /// Failed while starting or running: 1.
    Failed,
    /// The command line is wrong: 2.
    Usage,
    /// Another process stands in the way, as long as it is busy: 75, `EX_TEMPFAIL` of sysexits.h.
    NotNow,
    /// The configuration is wrong: 78, `EX_CONFIG` of sysexits.h.
    BadConfiguration,
    /// A second signal cut the drain short: 128 and the signal's number, as shells report it.
    Signalled(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Usage => Self::from(2),
            Exit::NotNow => Self::from(75),
            Exit::BadConfiguration => Self::from(78),
            Exit::Signalled(status) => Self::from(status),
        }
    }
}

/// Why a process ends before it has bound anything.
#[derive(Debug)]
pub enum Unprepared {
    /// With this configuration it would do so again.
    BadConfiguration(anyhow::Error),
    /// Another try may succeed.
    NotNow(anyhow::Error),
    /// Something has failed.
    Failed(anyhow::Error),
}

impl Unprepared {
    fn into_parts(self) -> (anyhow::Error, Exit) {
        match self {
            Self::BadConfiguration(error) => (error, Exit::BadConfiguration),
            Self::NotNow(error) => (error, Exit::NotNow),
            Self::Failed(error) => (error, Exit::Failed),
        }
    }
}

/// Blocking work is reading files, now and then; the runtime's own default would be 512 threads.
const BLOCKING_THREADS: usize = 8;

/// How long the last log lines may take to be written.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Runs one server from its command line (`argv[0]` is its name) to its end.
///
/// `configure` turns the arguments into the server's validated configuration; what it refuses is a
/// bad configuration, exit status 78. `run` binds the server's listeners, spawns its accept loops and
/// returns what it has bound; what it refuses is a failure, exit status 1. The process then is ready
/// as soon as nothing in [`Context::readiness`] stands in the way, and lives until a signal, an admin
/// call or [`Shutdown::fail`](crate::Shutdown::fail) ends it.
///
/// `run` and everything it spawns are on the data runtime (`--threads`); signals, metrics and admin
/// calls have the thread that called this.
pub fn main<A, C, F>(
    argv: impl IntoIterator<Item = impl Into<OsString>>,
    configure: impl FnOnce(A) -> anyhow::Result<C>,
    run: impl FnOnce(C, Context) -> F,
) -> Exit
where
    A: Settings,
    F: Future<Output = anyhow::Result<Bound>> + Send + 'static,
{
    main_prepared(argv, configure, |_, _| Ok(()), run)
}

/// [`main`] with a step between: `prepare` does what comes before anything is bound, and says how the
/// process ends where it refuses.
pub fn main_prepared<A, C, F>(
    argv: impl IntoIterator<Item = impl Into<OsString>>,
    configure: impl FnOnce(A) -> anyhow::Result<C>,
    prepare: impl FnOnce(&mut C, &Context) -> Result<(), Unprepared>,
    run: impl FnOnce(C, Context) -> F,
) -> Exit
where
    A: Settings,
    F: Future<Output = anyhow::Result<Bound>> + Send + 'static,
{
    let argv: Vec<OsString> = argv.into_iter().map(Into::into).collect();
    let parsed = match parse::<A>(&argv, std::env::vars_os()) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error),
    };
    let daemon = parsed.args.daemon().clone();
    // What the sandbox forbids, or what it would have to allow for nothing else. Before any thread.
    let threads = daemon.data_threads();
    let limit = file_limit::raise();
    let reach = when_all_is_there(|| parsed.args.reach());
    let sandbox = Sandbox::enter(daemon.sandbox, &reach);
    let log = match logging::init(&daemon.log_level, daemon.log_format) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Failed;
        }
    };
    let context = Context::of_environment();
    introduce(&parsed, &context, limit);
    if let Err(error) = tell_sandbox(sandbox, &context) {
        return last_word(&log, &error.into(), Exit::Failed);
    }
    let mut configuration = match configure(parsed.args) {
        Ok(configuration) => configuration,
        Err(error) => return last_word(&log, &error, Exit::BadConfiguration),
    };
    if let Err(unprepared) = prepare(&mut configuration, &context) {
        let (error, exit) = unprepared.into_parts();
        return last_word(&log, &error, exit);
    }
    let (data, control) = match runtimes(threads) {
        Ok(runtimes) => runtimes,
        Err(error) => {
            let error = anyhow::Error::new(error).context("cannot start threads");
            return last_word(&log, &error, Exit::Failed);
        }
    };
    let server = {
        let _data = data.handle().enter();
        run(configuration, context.clone())
    };
    let process = Process {
        args: &daemon,
        context: &context,
        log: &log,
        data: data.handle(),
    };
    let ended = control.block_on(supervise(process, server));
    data.end();
    match ended {
        Ok(exit) => {
            log.flush(LAST_LINES);
            exit
        }
        Err(error) => last_word(&log, &error, Exit::Failed),
    }
}

fn refuse(error: &SettingsError) -> Exit {
    match error {
        SettingsError::Usage(error) => {
            // A closed pipe behind --help is no failure.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Clean,
                _ => Exit::Usage,
            }
        }
        SettingsError::Value { .. } | SettingsError::File(_) => {
            eprintln!("error: {error}");
            Exit::BadConfiguration
        }
    }
}

/// The first lines of the log, and what is known of the process before it runs.
fn introduce<A: Settings>(parsed: &Parsed<A>, context: &Context, files: FileLimit) {
    let command = A::command();
    let program = command.get_name().to_owned();
    let version = command.get_version().unwrap_or_default().to_owned();
    let set: Vec<String> = parsed
        .effective
        .iter()
        .filter(|(_, setting)| setting.from != "default")
        .map(|(flag, setting)| format!("{flag}={}", setting.value.join(",")))
        .collect();
    tracing::info!(version, settings = set.join(" "), "{program} is starting");
    for warning in &parsed.warnings {
        tracing::warn!("{warning}");
    }
    files.tell();
    metrics::Metrics::install();
    metrics::identify(&program, &version);
    context.status.is_called(&program, &version);
    let about = json!({ "name": program, "version": version, "pid": std::process::id() });
    context.admin.section("program", move || about.clone());
    let settings = json!(parsed.effective);
    context.admin.section("settings", move || settings.clone());
}

/// Says what is in force, to whoever reads the log, the admin page or the metrics.
fn tell_sandbox(
    sandbox: Result<Sandbox, SandboxError>,
    context: &Context,
) -> Result<(), SandboxError> {
    let sandbox = sandbox?;
    tracing::info!("sandbox: {sandbox}");
    sandbox.count();
    context.admin.section("sandbox", move || sandbox.shown());
    Ok(())
}

/// The runtime that moves data, and the one for everything else, on the calling thread.
fn runtimes(threads: NonZeroUsize) -> std::io::Result<(DataRuntime, Runtime)> {
    let control = Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    Ok((DataRuntime::start(threads)?, control))
}

fn last_word(log: &LogControl, error: &anyhow::Error, exit: Exit) -> Exit {
    tracing::error!("{}", in_full(error));
    log.flush(LAST_LINES);
    exit
}
