//! What a server gets from the process it runs in, and what it tells back.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::bind::Ports;
use crate::connections::Connections;
use crate::listeners::Listeners;
use crate::readiness::Readiness;
use crate::samples::Samples;
use crate::shutdown::{DrainPolicy, Drained, Shutdown};
use crate::status::Status;
use crate::supervisor::Supervisor;

/// The process's shared parts; clones share them.
///
/// [`main`](crate::main) makes one; a test makes its own with [`Context::new`] and runs a server, or
/// several side by side, without any of the process-wide parts (signals, logging, metrics).
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// When to stop accepting, when to reset; runs the connections.
    pub shutdown: Shutdown,
    /// What stands between the process and being ready.
    pub readiness: Readiness,
    /// The live connections.
    pub connections: Connections,
    /// What is looked at when metrics are asked for.
    pub samples: Samples,
    /// What the admin address shows.
    pub admin: Admin,
    /// What programs are told.
    pub status: Status,
    /// Sockets that others have opened, or will go on with.
    pub listeners: Listeners,
    /// Those that have to come free.
    pub ports: Ports,
    /// Who is told how the process does.
    pub supervisor: Supervisor,
    started: CancellationToken,
    reloads: Arc<watch::Sender<u64>>,
}

impl Context {
    /// The parts of a process in which nothing runs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a process that others may have left sockets, and whose supervisor may listen.
    pub(crate) fn of_environment() -> Self {
        let context = Self {
            supervisor: Supervisor::of_environment(),
            ..Self::default()
        };
        context.listeners.receive();
        context
    }

    /// Returns when the server has bound and serves. At once if that is so already.
    pub async fn started(&self) {
        self.started.cancelled().await;
    }

    /// Whether it does.
    pub(crate) fn has_started(&self) -> bool {
        self.started.is_cancelled()
    }

    /// The server has bound, and serves.
    pub(crate) fn start(&self) {
        self.started.cancel();
    }

    /// Changes each time somebody asks for manifests and certificates to be read again (SIGHUP,
    /// `POST /reload`). What was asked before this call doesn't count.
    pub fn reload_requests(&self) -> watch::Receiver<u64> {
        let mut requests = self.reloads.subscribe();
        requests.mark_unchanged();
        requests
    }

    /// Asks the server to read its manifests and certificates again.
    pub fn request_reload(&self) {
        self.reloads
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Turns unready for good and goes through the phases of a drain.
    pub async fn drain(&self, policy: &DrainPolicy) -> Drained {
        // What a probe hears last of a process that was succeeded is true of its successor.
        if !self.listeners.is_retired() {
            self.readiness
                .blocker("drain")
                .set("the process is draining and will end");
        }
        let let_go = async {
            self.shutdown.stop_accepting().await;
            self.listeners.keep_none();
        };
        let (drained, ()) = tokio::join!(self.shutdown.drain(policy), let_go);
        drained
    }
}

/// The addresses that a server has bound, by name; with port 0 asked for, the real ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Bound {
    listeners: Vec<Listening>,
}

/// One bound address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listening {
    /// What listens there: `gateway`, `inbound`, an alias.
    pub name: String,
    /// Where.
    pub address: SocketAddr,
    /// Whether it goes where the manifests no longer have it.
    #[serde(skip)]
    pub of_manifests: bool,
}

impl Bound {
    /// Nothing bound yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(self, name: impl Into<String>, address: SocketAddr) -> Self {
        self.and(name.into(), address, false)
    }

    /// With one more that the manifests want, and may want no longer.
    #[must_use]
    pub fn with_route(self, name: impl Into<String>, address: SocketAddr) -> Self {
        self.and(name.into(), address, true)
    }

    fn and(mut self, name: String, address: SocketAddr, of_manifests: bool) -> Self {
        self.listeners.push(Listening {
            name,
            address,
            of_manifests,
        });
        self
    }

    /// Those that stay.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = &Listening> {
        self.iter().filter(|listening| !listening.of_manifests)
    }

    /// Where the listener of this name is, if there is one.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.iter()
            .find(|listening| listening.name == name)
            .map(|listening| listening.address)
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Listening> {
        self.listeners.iter()
    }
}
