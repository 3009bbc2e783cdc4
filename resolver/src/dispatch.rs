//! What is done with one message from a client, over either transport.

#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, sync::Arc};

use hickory_proto::{op::LowerQuery, rr::RecordType};
use hickory_server::{net::xfer::Protocol, server::Request};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    forward::{Forwarder, Via, exchange::Outgoing},
    metrics::{Outcome, QueryMetrics},
    plain::{Answer, Answered},
    reply::{Reply, Route},
    wire::{Header, rcode},
    zone::AliasZone,
};

/// Aliases here, the rest there.
pub(crate) struct Dispatcher {
    pub(crate) zone: AliasZone,
    pub(crate) forwarder: Forwarder,
    pub(crate) metrics: QueryMetrics,
}

impl Dispatcher {
    /// Answers a plain question for an alias that came over UDP; `false` leaves it to [`Self::receive`].
    pub(crate) fn answer_plain(&self, message: &[u8], answer: &mut Answer) -> bool {
        let outcome = match self.zone.answer_plain(message, answer) {
            Some(Answered::Data) => Outcome::Alias,
            Some(Answered::NoData) => Outcome::NoData,
            None => return false,
        };
        self.metrics.count(false, outcome);
        true
    }

    /// Answers what can be answered at once. What has to wait for a name server comes back as a
    /// future to be spawned; there are never more of those than there are permits.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        message: Vec<u8>,
        peer: SocketAddr,
        route: Route,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let tcp = matches!(route, Route::Tcp { .. });
        let header = match Header::read(&message) {
            // Answering an answer could go on for ever between two servers.
            Some(header) if !header.is_response() => header,
            _ => {
                self.metrics.count(tcp, Outcome::Dropped);
                return None;
            }
        };
        let protocol = if tcp { Protocol::Tcp } else { Protocol::Udp };
        let failure = if header.opcode() != 0 {
            Failure::NOT_IMPLEMENTED
        } else if header.questions != 1 {
            Failure::FORMAT_ERROR
        } else {
            match Request::from_bytes(message.clone(), peer, protocol) {
                Ok(request) => return self.ask(request, route, message).await,
                Err(error) => {
                    tracing::debug!(client = %peer, %error, "malformed question");
                    Failure::FORMAT_ERROR
                }
            }
        };
        self.fail(&Reply::to_unread(route), &message, header.id, failure)
            .await;
        None
    }

    async fn ask(
        self: &Arc<Self>,
        request: Request,
        route: Route,
        message: Vec<u8>,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let reply = Reply::new(route, &request);
        let question = request.queries.queries().first()?;
        if self.zone.owns(question) {
            self.answer(&request, &reply).await;
            return None;
        }
        if self.zone.is_down(question) {
            self.fail(&reply, &message, request.metadata.id, Failure::DOWN)
                .await;
            return None;
        }
        match self.admit(question, &message) {
            Ok((permit, question)) => {
                let this = Arc::clone(self);
                Some(async move {
                    this.forward(question, &reply).await;
                    drop(permit);
                })
            }
            Err(failure) => {
                self.fail(&reply, &message, request.metadata.id, failure)
                    .await;
                None
            }
        }
    }

    async fn answer(&self, request: &Request, reply: &Reply) {
        let (info, answer) = match self.zone.answer(request) {
            Ok(answered) => answered,
            Err(error) => {
                let client = request.src();
                tracing::debug!(%client, %error, "answer not written");
                return;
            }
        };
        let none = info.counts().authorities > 0;
        let outcome = if none {
            Outcome::NoData
        } else {
            Outcome::Alias
        };
        self.metrics.count(reply.is_tcp(), outcome);
        note_unsent(reply.send(answer).await);
    }

    /// Whether a question for another name may go on.
    fn admit(
        &self,
        question: &LowerQuery,
        message: &[u8],
    ) -> Result<(OwnedSemaphorePermit, Outgoing), Failure> {
        if self.forwarder.came_back(question) {
            return Err(Failure::LOOPED);
        }
        if self.forwarder.is_empty() || is_transfer(question) {
            return Err(Failure::REFUSED);
        }
        let outgoing = Outgoing::new(message.to_vec()).ok_or(Failure::FORMAT_ERROR)?;
        let permit = self.forwarder.permit().ok_or(Failure::OVERLOADED)?;
        Ok((permit, outgoing))
    }

    async fn forward(&self, mut question: Outgoing, reply: &Reply) {
        let via = if reply.is_tcp() {
            Via::Tcp
        } else {
            Via::Udp {
                limit: reply.limit(),
            }
        };
        let Some(answer) = self.forwarder.forward(&mut question, via).await else {
            let id = question.client_id();
            return self
                .fail(reply, question.message(), id, Failure::UPSTREAMS_FAILED)
                .await;
        };
        self.metrics.count(reply.is_tcp(), Outcome::Forwarded);
        note_unsent(reply.send(answer).await);
    }

    async fn fail(&self, reply: &Reply, asked: &[u8], id: u16, failure: Failure) {
        self.metrics.count(reply.is_tcp(), failure.outcome);
        note_unsent(reply.fail(asked, id, failure.code).await);
    }
}

/// A response code of our own making, and what it is counted as.
#[derive(Debug, Clone, Copy)]
struct Failure {
    code: u8,
    outcome: Outcome,
}

impl Failure {
    const FORMAT_ERROR: Self = Self::new(rcode::FORMAT_ERROR, Outcome::FormatError);
    const NOT_IMPLEMENTED: Self = Self::new(rcode::NOT_IMPLEMENTED, Outcome::NotImplemented);
    const REFUSED: Self = Self::new(rcode::REFUSED, Outcome::Refused);
    const DOWN: Self = Self::new(rcode::SERVER_FAILURE, Outcome::Down);
    const LOOPED: Self = Self::new(rcode::REFUSED, Outcome::Looped);
    const OVERLOADED: Self = Self::new(rcode::SERVER_FAILURE, Outcome::Overloaded);
    const UPSTREAMS_FAILED: Self = Self::new(rcode::SERVER_FAILURE, Outcome::UpstreamsFailed);

    const fn new(code: u8, outcome: Outcome) -> Self {
        Self { code, outcome }
    }
}

fn note_unsent(sent: io::Result<()>) {
    if let Err(error) = sent {
        tracing::debug!(%error, "answer not sent");
    }
}

/// A transfer is many messages long (RFC 5936 section 2.2), and only one is passed back.
fn is_transfer(question: &LowerQuery) -> bool {
    matches!(question.query_type(), RecordType::AXFR | RecordType::IXFR)
}
