//! The listeners of mode `vip`: one for each alias and port, kept in step with the manifests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_transport::listener::{BindError, Listener};
use eastwest_transport::socket::SocketOptions;
use tokio::task::JoinHandle;

use super::Outbound;

/// The listeners that are open now.
#[derive(Debug)]
pub(crate) struct VipListeners {
    sockets: SocketOptions,
    open: HashMap<SocketAddr, JoinHandle<()>>,
}

impl VipListeners {
    pub(crate) fn new(sockets: SocketOptions) -> Self {
        Self {
            sockets,
            open: HashMap::new(),
        }
    }

    /// Opens what the route table has more, closes what it has no longer, and leaves the rest
    /// alone; live connections are never touched. Says which addresses could not be opened.
    pub(crate) fn follow(&mut self, outbound: &Arc<Outbound>) -> Vec<BindError> {
        let routes = outbound.routes.load_full();
        self.open.retain(|address, task| {
            let wanted = routes.route(*address).is_some();
            if !wanted {
                task.abort();
            }
            wanted
        });
        let mut failed = Vec::new();
        for address in routes.addresses() {
            if self.open.contains_key(&address) {
                continue;
            }
            match Listener::bind(address, self.sockets) {
                Ok(listener) => {
                    let task = tokio::spawn(Arc::clone(outbound).serve_vip(listener, address));
                    self.open.insert(address, task);
                }
                Err(error) => failed.push(error),
            }
        }
        failed
    }

    /// Closes all of them; connections live on.
    pub(crate) fn close(&mut self) {
        for (_, task) in self.open.drain() {
            task.abort();
        }
    }
}
