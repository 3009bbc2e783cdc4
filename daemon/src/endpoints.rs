//! The three addresses that every server has beside its own: probes, metrics, admin calls.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Handle;

use crate::address::EndpointAddress;
use crate::admin::AdminCalls;
use crate::args::DaemonArgs;
use crate::bind::{BindError, bind};
use crate::context::{Context, Listening};
use crate::http::{Handler, serve};
use crate::listeners::Giver;
use crate::logging::LogControl;
use crate::metrics::{self, Metrics};
use crate::{admin, health};

/// Where the endpoints listen; `None` for those that are off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Endpoints {
    /// Probes.
    pub ready: Option<SocketAddr>,
    /// Prometheus.
    pub metrics: Option<SocketAddr>,
    /// People and tools.
    pub admin: Option<SocketAddr>,
}

impl Endpoints {
    /// Those that are on.
    pub(crate) fn listening(&self) -> impl Iterator<Item = Listening> {
        let named = self.named().into_iter();
        named.filter_map(|(name, address)| {
            let address = address?;
            let name = name.to_owned();
            Some(Listening {
                name,
                address,
                of_manifests: false,
            })
        })
    }

    /// All of them by name.
    pub(crate) fn named(&self) -> [(&'static str, Option<SocketAddr>); 3] {
        [
            ("ready", self.ready),
            ("metrics", self.metrics),
            ("admin", self.admin),
        ]
    }

    /// Binds and serves the endpoints until the runtimes end: probes on `data`, the others on the
    /// current runtime. `log` is what `/logging` changes, if anything.
    pub async fn serve(
        args: &DaemonArgs,
        context: &Context,
        log: Option<LogControl>,
        data: &Handle,
    ) -> Result<Self, BindError> {
        let control = Handle::current();
        let readiness = context.readiness.clone();
        let probes: Handler = Arc::new(move |head, peer| health::answer(&readiness, head, peer));
        let ready = start(
            context,
            ("ready", "--ready-address"),
            args.ready_address,
            data,
            probes,
        )
        .await?;

        let (recorder, scraped) = (Metrics::install(), context.clone());
        recorder.spawn_upkeep();
        let tasks = data.metrics();
        let scrapes: Handler = Arc::new(move |head, peer| {
            metrics::count_tasks(tasks.num_alive_tasks());
            metrics::answer(&recorder, &scraped, head, peer)
        });
        let metrics = start(
            context,
            ("metrics", "--metrics-address"),
            args.metrics_address,
            &control,
            scrapes,
        )
        .await?;

        let calls = AdminCalls::new(context.clone(), log);
        let calls: Handler = Arc::new(move |head, peer| admin::answer(&calls, head, peer));
        let admin = start(
            context,
            ("admin", "--admin-address"),
            args.admin_address,
            &control,
            calls,
        )
        .await?;
        Ok(Self {
            ready,
            metrics,
            admin,
        })
    }
}

async fn start(
    context: &Context,
    (name, flag): (&'static str, &'static str),
    address: EndpointAddress,
    runtime: &Handle,
    handler: Handler,
) -> Result<Option<SocketAddr>, BindError> {
    let Some(address) = address.get() else {
        return Ok(None);
    };
    let error = |source| BindError::new(address, flag, source);
    let (listener, giver) = match context.listeners.take(name, address) {
        Some((listener, giver)) => (listener, Some(giver)),
        None => (
            context
                .ports
                .once_free(|| bind(address, flag), BindError::is_in_use)
                .await?,
            None,
        ),
    };
    listener.set_nonblocking(true).map_err(error)?;
    context.listeners.keep(name, &listener, giver);
    let starting = context.clone();
    let begin = async move {
        // A predecessor is ready, and answers until we are.
        if giver.is_some_and(Giver::is_predecessor) {
            starting.started().await;
        }
    };
    let _runtime = runtime.enter();
    serve(listener, handler, begin, context.listeners.retirement())
        .map(Some)
        .map_err(error)
}
