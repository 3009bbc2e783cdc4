//! The addresses of aliases in all modes but `redirect`: which are listened on, which are not, and why.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eastwest_daemon::Shutdown;
use eastwest_mesh::{DownRoute, Route};
use eastwest_transport::listener::BindError;
use eastwest_transport::socket::SocketOptions;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::outbound::{AliasListeners, Arrival, Outbound, Unopened};
use crate::own_ports::{Claim, OwnPorts};

/// How soon an address that was taken is tried again: an app that gives a port up is usually
/// restarting, and a failed bind costs next to nothing.
const TRY_AGAIN_EVERY: Duration = Duration::from_secs(5);
/// How soon a port is given up after its server has gone. One that is started again needs longer.
const LOOK_EVERY: Duration = Duration::from_millis(100);

fn shims_own(port: u16) -> String {
    format!(
        "port {port} is the shim's own, by --ready-address, --metrics-address, --admin-address or \
         --inbound-listen: give that another port, or use mode port or redirect"
    )
}

fn tell_owned(ports: &[u16]) {
    for port in ports {
        tracing::info!(
            port,
            "a server of this pod owns this port, and will find it free"
        );
    }
}

/// All listeners of aliases; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Vips {
    outbound: Arc<Outbound>,
    state: Arc<Mutex<State>>,
    followed: Arc<Notify>,
    starving: watch::Receiver<Option<String>>,
}

/// Addresses that are not listened on, and why.
pub(crate) type Failed = BTreeMap<SocketAddr, String>;

#[derive(Debug)]
struct State {
    /// `None` once the process has stopped accepting.
    listeners: Option<AliasListeners>,
    failed: Arc<Failed>,
    own_ports: OwnPorts,
}

impl Vips {
    pub(crate) fn new(
        outbound: Arc<Outbound>,
        sockets: SocketOptions,
        own_ports: OwnPorts,
    ) -> Self {
        let listeners = AliasListeners::new(sockets);
        let starving = listeners.starving();
        let state = State {
            listeners: Some(listeners),
            failed: Arc::default(),
            own_ports,
        };
        Self {
            outbound,
            state: Arc::new(Mutex::new(state)),
            followed: Arc::new(Notify::new()),
            starving,
        }
    }

    /// Why no connection can be accepted, as [`Listener::starving`](eastwest_transport::listener::Listener::starving).
    pub(crate) fn starving(&self) -> watch::Receiver<Option<String>> {
        self.starving.clone()
    }

    /// Opens and closes listeners until they are those of the routes. An alias that cannot be
    /// listened on is down; the others are not. What fails as it did before is not told again.
    pub(crate) fn follow(&self) {
        let mut state = self.state();
        let State {
            listeners,
            failed,
            own_ports,
        } = &mut *state;
        let Some(listeners) = listeners else { return };
        let routes = self.outbound.routes.load();
        if own_ports.is_waiting() {
            tell_owned(&own_ports.learn(routes.addresses()));
        }
        own_ports.look(|address| listeners.has(address));
        let mut now = Failed::new();
        for unopened in listeners.follow(&self.outbound, |port| own_ports.claim(port)) {
            let (address, why) = match unopened {
                Unopened::Left { address, why } => (address, why),
                Unopened::Failed(error) => {
                    let (address, why) = (error.address, error.to_string());
                    match own_ports.is_shims(address.port()) {
                        true => (address, shims_own(address.port())),
                        false => {
                            self.learn(own_ports, &error);
                            (address, own_ports.why_not(address.port()).unwrap_or(why))
                        }
                    }
                }
            };
            if failed.get(&address) != Some(&why) {
                tracing::error!(%address, "{why}; the alias with this address is down until it can be had");
            }
            now.insert(address, why);
        }
        for address in failed.keys() {
            if !now.contains_key(address) && routes.route(*address).is_some() {
                tracing::info!(%address, "listened on at last");
            }
        }
        *failed = Arc::new(now);
        self.followed.notify_one();
    }

    /// Whoever has a port of all addresses is a server of this pod, and is to have it again when it is
    /// started again.
    fn learn(&self, own_ports: &mut OwnPorts, error: &BindError) {
        let port = error.address.port();
        if self.outbound.arrival == Arrival::OwnAddresses
            && error.source.kind() == ErrorKind::AddrInUse
            && OwnPorts::is_taken_whole(port)
            && own_ports.add(port)
        {
            tell_owned(&[port]);
        }
    }

    /// Whether ports that nobody has are left free until an alias is asked for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.state().own_ports.is_waiting()
    }

    /// Whether an address is not listened on before an alias is asked for.
    pub(crate) fn is_left_free(&self, address: SocketAddr) -> bool {
        self.state().own_ports.claim(address.port()) == Claim::NotYet
    }

    /// An alias is asked for: takes what no server of this pod has by now.
    pub(crate) fn asked(&self) {
        {
            let mut state = self.state();
            let routes = self.outbound.routes.load();
            tell_owned(&state.own_ports.learn(routes.addresses()));
            state.own_ports.asked();
        }
        tracing::info!(
            "an alias is asked for: what no server of this pod has by now is listened on"
        );
        self.follow();
    }

    /// Whether an alias is at a port that a server of this pod owns.
    fn has_own_ports(&self) -> bool {
        let routes = self.outbound.routes.load();
        let own_ports = &self.state().own_ports;
        routes
            .addresses()
            .any(|address| own_ports.has(address.port()))
    }

    /// Gives up, or takes, what servers of this pod own, as soon as they come or go.
    async fn yield_to_servers(&self, followed: &(impl Fn(&Self) + Send)) {
        loop {
            if !self.has_own_ports() {
                self.followed.notified().await;
                continue;
            }
            sleep(LOOK_EVERY).await;
            let changed = {
                let mut state = self.state();
                let State {
                    listeners,
                    own_ports,
                    ..
                } = &mut *state;
                let Some(listeners) = listeners else { return };
                own_ports.look(|address| listeners.has(address))
            };
            if changed {
                self.follow();
                followed(self);
            }
        }
    }

    /// Tries what failed again and again, and calls `tried` after each time; closes all listeners
    /// when the process stops accepting.
    pub(crate) async fn retry(self, shutdown: Shutdown, tried: impl Fn(&Self) + Send + Sync) {
        let again = async {
            loop {
                sleep(TRY_AGAIN_EVERY).await;
                if !self.state().failed.is_empty() {
                    self.follow();
                    tried(&self);
                }
            }
        };
        let stop = shutdown.stop_accepting_token();
        let both = async { tokio::join!(again, self.yield_to_servers(&tried)) };
        let _: Option<((), ())> = stop.run_until_cancelled(both).await;
        if let Some(mut listeners) = self.state().listeners.take() {
            listeners.close();
        }
    }

    /// The routes of which at least one address is listened on, and the others with their reason.
    pub(crate) fn split<'r>(
        &self,
        routes: &'r [Arc<Route>],
    ) -> (Vec<&'r Arc<Route>>, Vec<DownRoute>) {
        let failed = self.failed();
        let (mut served, mut down) = (Vec::new(), Vec::new());
        for route in routes {
            match self.unheard(route, &failed) {
                None => served.push(route),
                Some(unheard) => down.push(unheard),
            }
        }
        (served, down)
    }

    /// A route of which no address is listened on, with the reason; `failed` are all that are not.
    pub(crate) fn unheard(&self, route: &Route, failed: &Failed) -> Option<DownRoute> {
        let addresses = || self.outbound.arrival.addresses(route);
        let reasons = addresses().filter_map(|address| failed.get(&address));
        let reasons: Vec<&str> = reasons.map(String::as_str).collect();
        (reasons.len() == addresses().count()).then(|| DownRoute {
            alias: route.alias.clone(),
            port: Some(route.port),
            reason: reasons.join("; "),
            origin: route.origin.clone(),
        })
    }

    /// Addresses that are not listened on, and why.
    pub(crate) fn failed(&self) -> Arc<Failed> {
        Arc::clone(&self.state().failed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
