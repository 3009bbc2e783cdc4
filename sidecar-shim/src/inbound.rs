//! The inbound side: mTLS in, the caller checked, then the app dialled in clear.

mod accept;
mod allowed;
mod connection;
mod own_pod;
#[cfg(test)]
mod tests;
mod word;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use eastwest_daemon::{Connections, Shutdown, Timings};
use eastwest_transport::admission::Admission;
use eastwest_transport::limits::Ledger;
use eastwest_transport::listener::Listener;
use eastwest_transport::relay::Patience;
use eastwest_transport::socket::SocketOptions;

pub(crate) use accept::Acceptance;
pub(crate) use allowed::Allowed;
pub use allowed::{AllowRule, AllowRuleError};
pub(crate) use connection::AppAddress;
pub(crate) use own_pod::OwnPod;

/// What all inbound connections share.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) acceptance: Acceptance,
    pub(crate) allowed: ArcSwap<Allowed>,
    pub(crate) app: AppAddress,
    pub(crate) sockets: SocketOptions,
    pub(crate) handshake_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) patience: Patience,
    pub(crate) ledger: Ledger,
    pub(crate) timings: Timings,
    pub(crate) connections: Connections,
    pub(crate) shutdown: Shutdown,
}

impl Inbound {
    /// The ports that are served, for a message.
    pub(crate) fn ports(&self) -> String {
        self.acceptance
            .ports
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Accepts callers until the process stops accepting.
    pub(crate) async fn serve_all(self: Arc<Self>, listener: Listener) {
        self.serve_admitted(listener, Admission::standard()).await;
    }

    async fn serve_admitted(self: Arc<Self>, listener: Listener, mut admission: Admission) {
        loop {
            tokio::select! {
                (place, (tcp, peer)) = async {
                    (admission.place().await, listener.accept().await)
                } => {
                    admission.seat(&place, peer.ip());
                    self.shutdown.spawn(Arc::clone(&self).serve(tcp, peer, place));
                }
                () = self.shutdown.stop_accepting() => return,
            }
        }
    }
}
