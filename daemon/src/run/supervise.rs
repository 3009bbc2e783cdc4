//! The life of a process: started, told to reload, told to end, ended.

use anyhow::anyhow;
use serde_json::json;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::Exit;
use crate::args::DaemonArgs;
use crate::context::{Bound, Context};
use crate::endpoints::Endpoints;
use crate::logging::LogControl;
use crate::shutdown::{Drained, EndRequest};
use crate::signals::{Request, Signals};

/// What a life is led with.
#[derive(Clone, Copy)]
pub(super) struct Process<'a> {
    pub(super) args: &'a DaemonArgs,
    pub(super) context: &'a Context,
    pub(super) log: &'a LogControl,
    pub(super) data: &'a Handle,
}

/// Runs `server` on the data runtime until the process has to end.
pub(super) async fn supervise<F>(process: Process<'_>, server: F) -> anyhow::Result<Exit>
where
    F: Future<Output = anyhow::Result<Bound>> + Send + 'static,
{
    let Process {
        args,
        context,
        log,
        data,
    } = process;
    let mut signals = Signals::catch()?;
    let start = context.readiness.blocker("start");
    start.set("the server is starting");
    // A signal is heard while ports are waited for, too; then what has begun is dropped.
    let mut starting = Box::pin(async {
        let endpoints = Endpoints::serve(args, context, Some(log.clone()), data).await?;
        let server = AbortOnDropHandle::new(data.spawn(server)).await;
        // A panic has been logged by the hook.
        let bound = server.map_err(|_| anyhow!("the server has panicked while starting"))??;
        anyhow::Ok((bound, endpoints))
    });
    let mut started = false;
    let mut signalled = false;
    let end = loop {
        tokio::select! {
            outcome = &mut starting, if !started => {
                let (bound, endpoints) = outcome?;
                announce(context, &bound, &endpoints);
                start.clear();
                started = true;
                context.start();
                context.listeners.close_rest();
                context.supervisor.ready("serving");
                data.spawn(context.supervisor.clone().keep_watchdog());
            }
            signal = signals.next() => match signal {
                Request::Reload => reload(context, started),
                Request::Terminate | Request::Interrupt => {
                    signalled = true;
                    // Before it has started nobody has come that would have to notice.
                    let lame_duck = started && signal == Request::Terminate;
                    context.shutdown.request_drain(lame_duck, signal.name());
                }
            },
            end = context.shutdown.requested(false) => break end,
        }
    };
    drop(starting);
    Ok(finish(process, end, &mut signals, signalled).await)
}

fn announce(context: &Context, bound: &Bound, endpoints: &Endpoints) {
    for listener in bound.iter() {
        tracing::info!("{} listens on {}", listener.name, listener.address);
    }
    for (name, address) in endpoints.named() {
        match address {
            Some(address) => tracing::info!("{name} listens on {address}"),
            None => tracing::info!("{name} is off"),
        }
    }
    context.status.listens(bound, endpoints);
    let shown = json!({ "server": bound, "process": endpoints });
    context.admin.section("listeners", move || shown.clone());
}

fn reload(context: &Context, started: bool) {
    tracing::info!("SIGHUP: reading manifests and certificates again");
    // Who is ready after a reload has been ready before it.
    if !started {
        return context.request_reload();
    }
    context.supervisor.reloading();
    context.request_reload();
    // What comes of it is in the log; what is in force meanwhile serves as well.
    context.supervisor.ready("serving");
}

/// Goes through the end that was asked for, unless something more urgent comes.
async fn finish(
    process: Process<'_>,
    end: EndRequest,
    signals: &mut Signals,
    mut signalled: bool,
) -> Exit {
    let shutdown = &process.context.shutdown;
    let EndRequest::Drain { lame_duck, cause } = end else {
        return cut(process, end).await;
    };
    say_that_it_ends(process, "draining");
    let mut policy = process.args.drain_policy();
    if !lame_duck {
        policy.lame_duck = std::time::Duration::ZERO;
    }
    tracing::info!(
        connections = shutdown.open(), lame_duck = ?policy.lame_duck, grace = ?policy.grace,
        "{cause}: draining; a second signal ends at once"
    );
    let drain = process.context.drain(&policy);
    tokio::pin!(drain);
    loop {
        tokio::select! {
            drained = &mut drain => {
                process.context.listeners.answered().await;
                tell(drained);
                return Exit::Clean;
            }
            signal = signals.next() => match signal {
                Request::Reload => tracing::info!("SIGHUP has no effect while draining"),
                // A preStop hook that posts to /drain is followed by the first SIGTERM.
                _ if !signalled => {
                    signalled = true;
                    tracing::info!("{}: draining already; again to end at once", signal.name());
                }
                _ => {
                    tracing::warn!(connections = shutdown.open(), "second signal ({}): ending at once", signal.name());
                    shutdown.abort().await;
                    return Exit::Signalled(signal.exit_status());
                }
            },
            end = shutdown.requested(true) => return cut(process, end).await,
        }
    }
}

/// Ends now.
async fn cut(process: Process<'_>, end: EndRequest) -> Exit {
    say_that_it_ends(process, "ending");
    let drained = process.context.shutdown.abort().await;
    if let EndRequest::Failed(reason) = end {
        tracing::error!("{reason}");
        return Exit::Failed;
    }
    tell(drained);
    Exit::Clean
}

/// Where another process goes on with it, the service is not at its end.
fn say_that_it_ends(process: Process<'_>, how: &str) {
    if !process.context.listeners.is_retired() {
        process.context.supervisor.stopping(how);
    }
}

fn tell(drained: Drained) {
    match drained.reset {
        0 => tracing::info!("ended; no connection was cut"),
        reset => tracing::warn!(reset, "ended; connections still open were reset"),
    }
}
