//! The addresses of aliases in all modes but `redirect`: which are listened on, which are not, and why.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eastwest_daemon::Shutdown;
use eastwest_mesh::{DownRoute, Route};
use eastwest_transport::socket::SocketOptions;
use tokio::time::sleep;

use crate::outbound::{AliasListeners, Outbound};

/// How soon an address that was taken is tried again: an app that gives a port up is usually
/// restarting, and a failed bind costs next to nothing.
const TRY_AGAIN_EVERY: Duration = Duration::from_secs(5);

/// All listeners of aliases; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Vips {
    outbound: Arc<Outbound>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// `None` once the process has stopped accepting.
    listeners: Option<AliasListeners>,
    /// Addresses that could not be listened on, and why.
    failed: BTreeMap<SocketAddr, String>,
}

impl Vips {
    pub(crate) fn new(outbound: Arc<Outbound>, sockets: SocketOptions) -> Self {
        let state = State {
            listeners: Some(AliasListeners::new(sockets)),
            failed: BTreeMap::new(),
        };
        Self {
            outbound,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Opens and closes listeners until they are those of the routes. An alias that cannot be
    /// listened on is down; the others are not. What fails as it did before is not told again.
    pub(crate) fn follow(&self) {
        let mut state = self.state();
        let State { listeners, failed } = &mut *state;
        let Some(listeners) = listeners else { return };
        let now = listeners.follow(&self.outbound).into_iter();
        let now: BTreeMap<_, _> = now
            .map(|error| (error.address, error.to_string()))
            .collect();
        for (address, why) in &now {
            if failed.get(address) != Some(why) {
                tracing::error!(
                    "{why}; the alias with this address is down until it can be had (where the \
                     pod's own server owns the port on all addresses, use --mode port or redirect)"
                );
            }
        }
        let routes = self.outbound.routes.load();
        for address in failed.keys() {
            if !now.contains_key(address) && routes.route(*address).is_some() {
                tracing::info!(%address, "listened on at last");
            }
        }
        *failed = now;
    }

    /// Tries what failed again and again, and calls `tried` after each time; closes all listeners
    /// when the process stops accepting.
    pub(crate) async fn retry(self, shutdown: Shutdown, tried: impl Fn(&Self) + Send) {
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
        let _: Option<()> = stop.run_until_cancelled(again).await;
        if let Some(mut listeners) = self.state().listeners.take() {
            listeners.close();
        }
    }

    /// The routes of which at least one address is listened on, and the others with their reason.
    pub(crate) fn split<'r>(&self, routes: Vec<&'r Route>) -> (Vec<&'r Route>, Vec<DownRoute>) {
        let failed = self.failed();
        let (mut served, mut down) = (Vec::new(), Vec::new());
        for route in routes {
            let addresses: Vec<_> = self.outbound.arrival.addresses(route).collect();
            let why = addresses.iter().filter_map(|address| failed.get(address));
            let reasons: Vec<_> = why.cloned().collect();
            if reasons.len() < addresses.len() {
                served.push(route);
                continue;
            }
            down.push(DownRoute {
                alias: route.alias.clone(),
                port: Some(route.port),
                reason: reasons.join("; "),
                origin: route.origin.clone(),
            });
        }
        (served, down)
    }

    /// Addresses that are not listened on, and why.
    pub(crate) fn failed(&self) -> BTreeMap<SocketAddr, String> {
        self.state().failed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
