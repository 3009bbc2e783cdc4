//! The way back to a client, which knows what that client can take.

use std::{io, sync::Arc};

use eastwest_daemon::Work;
use hickory_server::server::Request;
use tokio::sync::mpsc;

use crate::{
    server::asked_at::{AnsweringSocket, Ends},
    wire::{self, ClientEdns},
};

/// Where answers to one client go.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// From the socket on which the question came.
    Udp {
        socket: Arc<AnsweringSocket>,
        ends: Ends,
    },
    /// To the task that writes this connection, which has work until it has written the answer.
    Tcp {
        answers: mpsc::Sender<(Vec<u8>, Work)>,
        work: Work,
    },
}

/// The way back for one question.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    route: Route,
    edns: Option<ClientEdns>,
}

impl Reply {
    /// For a question that can't be read: nothing is known of the client.
    pub(crate) fn to_unread(route: Route) -> Self {
        Self { route, edns: None }
    }

    pub(crate) fn new(route: Route, request: &Request) -> Self {
        let edns = request.edns.as_ref().map(|edns| ClientEdns {
            payload: edns.max_payload(),
            dnssec_ok: edns.flags().dnssec_ok,
        });
        Self { route, edns }
    }

    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.route, Route::Tcp { .. })
    }

    /// The largest answer that may be sent: RFC 6891 section 6.2.5 over UDP.
    pub(crate) fn limit(&self) -> usize {
        match (&self.route, self.edns) {
            (Route::Tcp { .. }, _) => wire::MAX_MESSAGE,
            (Route::Udp { .. }, Some(edns)) => usize::from(edns.payload).max(wire::PLAIN_UDP),
            (Route::Udp { .. }, None) => wire::PLAIN_UDP,
        }
    }

    /// Sends an answer that has a response code and nothing else.
    pub(crate) async fn fail(&self, asked: &[u8], id: u16, code: u8) -> io::Result<()> {
        self.send(wire::failure(asked, id, code, self.edns)).await
    }

    /// Sends a whole message as it is, or cut short with TC if it is too long for this client.
    pub(crate) async fn send(&self, message: Vec<u8>) -> io::Result<()> {
        let message = match message.len() <= self.limit() {
            true => message,
            false => wire::truncated(&message, self.edns),
        };
        match &self.route {
            Route::Udp { socket, ends } => socket.send(&message, *ends).await,
            Route::Tcp { answers, work } => {
                let closed = |_| io::Error::from(io::ErrorKind::BrokenPipe);
                let answer = (message, work.clone());
                answers.send(answer).await.map_err(closed)
            }
        }
    }
}
