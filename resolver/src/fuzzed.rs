//! What must hold for any DNS message, for the fuzz target and its replay; hickory is the second
//! reader.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails here is a finding"
)]

use std::{net::SocketAddr, sync::Arc, sync::LazyLock};

use arc_swap::ArcSwap;
use eastwest_daemon::Workload;
use hickory_proto::op::{Message, MessageType, ResponseCode};
use tokio::sync::mpsc;

use crate::{
    alias::{AliasTable, search::SearchDomains},
    config::Forwarding,
    dispatch::Dispatcher,
    forward::{Forwarder, exchange::Outgoing},
    metrics::QueryMetrics,
    plain::Answer,
    reply::Route,
    wire::{self, ClientEdns, Header, Question},
    zone::AliasZone,
};

static DISPATCHER: LazyLock<Arc<Dispatcher>> = LazyLock::new(|| {
    let alias = "src-hello-0.demo.svc.cluster.local".parse().unwrap();
    let addresses = ["127.64.0.1", "fd24::1"].map(|address| address.parse().unwrap());
    let zone = AliasZone {
        table: Arc::new(ArcSwap::from_pointee(AliasTable::new([(
            alias,
            addresses.to_vec(),
        )]))),
        search: SearchDomains::new("cluster.local".parse().unwrap(), []),
        ttl: 5,
        recursion: false,
    };
    Arc::new(Dispatcher {
        zone,
        forwarder: Forwarder::new(&Forwarding::default()),
        metrics: QueryMetrics::new(),
    })
});

/// Two messages, the length of the first in front: the first is asked of us and of a name server, the
/// second is what the name server says.
///
/// # Panics
/// Where what comes of them is not as it must be.
pub fn messages(octets: &[u8]) {
    let Some((&[length], rest)) = octets.split_first_chunk() else {
        return;
    };
    let (asked, said) = rest.split_at(rest.len().min(usize::from(length)));
    read(asked);
    read(said);
    if let Some(answer) = answered(asked) {
        judge(asked, &answer);
    }
    exchange(asked, said);
}

/// Our few fields are those that hickory reads.
fn read(message: &[u8]) {
    let ours = Header::read(message);
    assert_eq!(ours.is_some(), message.len() >= wire::HEADER);
    let (Some(ours), Ok(theirs)) = (ours, Message::from_vec(message)) else {
        return;
    };
    let metadata = &theirs.metadata;
    assert_eq!(ours.id, metadata.id);
    assert_eq!(
        ours.is_response(),
        metadata.message_type == MessageType::Response
    );
    assert_eq!(ours.opcode(), u8::from(metadata.op_code));
    assert_eq!(usize::from(ours.questions), theirs.queries.len());
    if let (Some(question), Some(query)) = (Question::read(message), theirs.queries.first()) {
        assert_eq!(question.kind(), u16::from(query.query_type()));
        assert_eq!(question.class(), u16::from(query.query_class()));
        let labels = crate::name::labels(question.name).take_while(|label| !label.is_empty());
        assert!(labels.eq(query.name().iter()), "{query}");
    }
}

/// What the dispatcher says, which has nobody to forward to.
fn answered(asked: &[u8]) -> Option<Vec<u8>> {
    let (sender, mut answers) = mpsc::channel(2);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let forward = runtime.unwrap().block_on(async {
        let work = Workload::default().begin();
        let route = Route::Tcp {
            answers: sender,
            work,
        };
        let future = DISPATCHER.receive(asked.to_vec(), peer, route);
        future.await.is_some()
    });
    assert!(!forward, "forwarded to nobody");
    let answer = answers.try_recv().ok().map(|(answer, _)| answer);
    assert!(answers.try_recv().is_err(), "a second answer");
    let is_question = Header::read(asked).is_some_and(|header| !header.is_response());
    assert_eq!(answer.is_some(), is_question);
    answer
}

/// An answer answers its question, whole or cut.
fn judge(asked: &[u8], answer: &[u8]) {
    let message = Message::from_vec(answer).unwrap();
    assert_eq!(asked.get(..2), answer.get(..2), "the ID");
    assert_eq!(message.metadata.message_type, MessageType::Response);
    assert!(!message.metadata.truncation && answer.len() <= wire::MAX_MESSAGE);
    // The question is repeated where it could be read, and not made up where it could not.
    match (Question::read(asked), Question::read(answer)) {
        (Some(asked), Some(answered)) => assert!(asked.matches(answered)),
        (None, Some(_)) => assert_ne!(message.metadata.response_code, ResponseCode::NoError),
        _ => {}
    }
    if !message.answers.is_empty() || !message.authorities.is_empty() {
        assert!(message.metadata.authoritative, "{message}");
    }
    let mut plain = Answer::default();
    if DISPATCHER.zone.answer_plain(asked, &mut plain).is_some() {
        let plain = Message::from_vec(plain.as_ref()).unwrap();
        assert_eq!(plain, message, "the short way and the long one");
    }
    let edns = ClientEdns {
        payload: 512,
        dnssec_ok: true,
    };
    for edns in [None, Some(edns)] {
        let cut = wire::truncated(answer, edns);
        assert!(cut.len() <= wire::PLAIN_UDP, "{} octets", cut.len());
        let cut = Message::from_vec(&cut).unwrap();
        assert!(cut.metadata.truncation && cut.answers.is_empty());
        assert_eq!(cut.metadata.id, message.metadata.id);
        assert_eq!(cut.edns.is_some(), edns.is_some());
    }
}

/// What is taken for an answer is one, and reaches the client under its own ID.
fn exchange(asked: &[u8], said: &[u8]) {
    let Some(outgoing) = Outgoing::new(asked.to_vec()) else {
        assert!(Question::read(asked).is_none());
        return;
    };
    assert_eq!(outgoing.client_id().to_be_bytes(), asked[..2]);
    if !outgoing.is_answered_by(said) {
        return;
    }
    let (asked_header, said_header) = (Header::read(asked).unwrap(), Header::read(said).unwrap());
    assert!(said_header.is_response() && said_header.id == asked_header.id);
    if let (Ok(question), Ok(answer)) = (Message::from_vec(asked), Message::from_vec(said)) {
        match (question.queries.first(), answer.queries.as_slice()) {
            (Some(asked), [answered]) => assert_eq!(asked, answered),
            (_, none) => {
                assert!(none.is_empty() && answer.metadata.response_code != ResponseCode::NoError)
            }
        }
    }
    let passed = outgoing.for_client(said.to_vec());
    assert_eq!(passed.get(..2), asked.get(..2));
    assert!(passed.len() == said.len() || said.len() == wire::HEADER);
    assert!(
        passed
            .get(wire::HEADER..)
            .unwrap_or_default()
            .starts_with(&said[wire::HEADER..])
    );
}

#[cfg(test)]
mod tests;
