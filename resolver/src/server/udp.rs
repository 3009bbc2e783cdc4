//! Questions over UDP.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{dispatch::Dispatcher, reply::Route, server::asked_at::AnsweringSocket};

/// More than any question has: the largest that EDNS clients are told to send is 1232.
const LARGEST_QUESTION: usize = 4096;

/// After an error that is none of a single datagram's.
const PAUSE: Duration = Duration::from_millis(100);

/// One listening address.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) socket: Arc<AnsweringSocket>,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) forwards: TaskTracker,
}

impl Server {
    /// Goes on after a panic: no datagram may end the resolver for everyone.
    pub(super) async fn serve(self, shutdown: CancellationToken) {
        while let Err(error) = tokio::spawn(self.clone().receive(shutdown.clone())).await {
            tracing::error!(%error, "a DNS question over UDP ended its handler; it is lost");
        }
    }

    /// Aliases are answered in place, one after the other; forwards become tasks.
    async fn receive(self, shutdown: CancellationToken) {
        let Self {
            socket,
            dispatcher,
            forwards,
        } = self;
        let mut buffer = vec![0; LARGEST_QUESTION];
        loop {
            let received = tokio::select! {
                received = socket.receive(&mut buffer) => received,
                () = shutdown.cancelled() => return,
            };
            let (length, ends) = match received {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(%error, "cannot receive DNS questions over UDP");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let message = buffer.get(..length).unwrap_or_default().to_vec();
            let route = Route::Udp {
                socket: Arc::clone(&socket),
                ends,
            };
            if let Some(forward) = dispatcher.receive(message, ends.peer, route).await {
                forwards.spawn(forward);
            }
        }
    }
}
