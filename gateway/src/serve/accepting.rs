//! Accepting, which stops for a while where another process is to go on.

use std::sync::Arc;

use eastwest_transport::admission::Admission;
use eastwest_transport::listener::Listener;
use tokio::sync::watch;

use super::Gateway;

/// Who accepts: nobody does once this is dropped.
struct Accepting<'a>(&'a watch::Sender<bool>);

impl Drop for Accepting<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl Gateway {
    /// Accepts connections until the process stops accepting.
    pub(crate) async fn serve_all(self: Arc<Self>, listener: Listener, mut admission: Admission) {
        let mut held = self.held.subscribe();
        let accepting = Accepting(&self.accepting);
        loop {
            let is_held = *held.borrow_and_update();
            accepting.0.send_replace(!is_held);
            if is_held {
                tokio::select! {
                    _ = held.changed() => continue,
                    () = self.shutdown.stop_accepting() => return,
                }
            }
            tokio::select! {
                // Whoever is told to hold takes nobody more: they are the next process's.
                biased;
                _ = held.changed() => {}
                () = self.shutdown.stop_accepting() => return,
                (place, (downstream, peer)) = async {
                    (admission.place().await, listener.accept().await)
                } => {
                    admission.seat(&place, peer.ip());
                    self.shutdown.spawn(Arc::clone(&self).serve(downstream, peer, place));
                }
            }
        }
    }

    /// Accepts nothing until [`accept_again`](Self::accept_again): those who come wait in the socket's
    /// queue, or for another process that has it. When this returns, whoever was accepted before is
    /// counted.
    pub(crate) async fn stop_accepting(&self) {
        self.held.send_replace(true);
        // The sender lives in `self`, so the channel can't close.
        let _ = self
            .accepting
            .subscribe()
            .wait_for(|accepts| !accepts)
            .await;
    }

    /// Accepts.
    pub(crate) fn accept_again(&self) {
        self.held.send_replace(false);
    }
}
