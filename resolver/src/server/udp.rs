//! Questions over UDP.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    dispatch::Dispatcher,
    plain::Answer,
    reply::Route,
    server::asked_at::{AnsweringSocket, Arrived, Ends},
};

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
            tracing::error!(%error, "a DNS question over UDP ended its handler; it and what came with it are lost");
        }
    }

    /// Plain questions for aliases are answered first, together; then each of the others; forwards
    /// become tasks.
    async fn receive(self, shutdown: CancellationToken) {
        let mut arrived = Arrived::new();
        let mut answers: Vec<(Answer, Ends)> = Vec::new();
        let mut others = Vec::new();
        let mut stopped = pin!(shutdown.cancelled());
        loop {
            let received = tokio::select! {
                received = self.socket.receive(&mut arrived) => received,
                () = &mut stopped => return,
            };
            if let Err(error) = received {
                tracing::warn!(%error, "cannot receive DNS questions over UDP");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let mut answer = Answer::default();
            for (message, ends) in arrived.iter() {
                if self.dispatcher.answer_plain(message, &mut answer) {
                    answers.push((answer, ends));
                } else {
                    others.push((message.to_vec(), ends));
                }
            }
            if let Err(error) = self.socket.send_all(&answers).await {
                tracing::warn!(%error, "cannot answer DNS questions over UDP");
            }
            answers.clear();
            for (message, ends) in others.drain(..) {
                self.answer(message, ends).await;
            }
            if arrived.is_full() {
                // There is more: first whoever else wants this thread.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn answer(&self, message: Vec<u8>, ends: Ends) {
        let route = Route::Udp {
            socket: Arc::clone(&self.socket),
            ends,
        };
        if let Some(forward) = self.dispatcher.receive(message, ends.peer, route).await {
            self.forwards.spawn(forward);
        }
    }
}
