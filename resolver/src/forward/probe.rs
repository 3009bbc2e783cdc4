//! Finds out whether a name server sends questions back here.
//!
//! A cluster's DNS may be set up to forward to this resolver while this one forwards to it; every
//! name that is no alias would then go round until all forwards are taken. So each name server is
//! asked once for a name that nobody else can know; if the question arrives here, it is not asked
//! for anything else. CoreDNS finds its loops in the same way.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hickory_proto::{
    op::{LowerQuery, Message, Query},
    rr::{Name, RecordType},
};

use tokio::time::{sleep, timeout};

use crate::{
    forward::{Forwarder, exchange::Outgoing, upstream::Upstream},
    wire,
};

/// `.invalid` never exists (RFC 6761 section 6.4).
const ZONE: [&str; 2] = ["eastwest-loop", "invalid"];

/// When a name server is probed again that did not answer, or loops.
const PROBE_AGAIN: Duration = Duration::from_secs(30);

/// A question that only this process asks, of one name server.
#[derive(Debug)]
pub(crate) struct Probe {
    token: String,
    came_back: AtomicBool,
}

impl Probe {
    /// The token is four of hickory's random message IDs.
    pub(crate) fn new() -> Self {
        let token = (0..4)
            .map(|_| format!("{:04x}", Message::query().metadata.id))
            .collect();
        Self {
            token,
            came_back: AtomicBool::new(false),
        }
    }

    /// The message to send; nothing is known to have come back from then on.
    pub(crate) fn message(&self) -> Option<Vec<u8>> {
        self.came_back.store(false, Ordering::Relaxed);
        let name = Name::from_labels([self.token.as_str(), ZONE[0], ZONE[1]]).ok()?;
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name, RecordType::TXT));
        message.to_vec().ok()
    }

    /// Whether a question that has come is this one, which is remembered.
    pub(crate) fn recognise(&self, question: &LowerQuery) -> bool {
        let mut labels = question.name().iter();
        let is_own = labels.next() == Some(self.token.as_bytes())
            && labels.eq(ZONE.iter().map(|label| label.as_bytes()));
        if is_own {
            self.came_back.store(true, Ordering::Relaxed);
        }
        is_own
    }

    pub(crate) fn came_back(&self) -> bool {
        self.came_back.load(Ordering::Relaxed)
    }
}

impl Forwarder {
    /// Whether a question is one of our own, come back.
    pub(crate) fn came_back(&self, question: &LowerQuery) -> bool {
        self.upstreams
            .iter()
            .any(|upstream| upstream.probe.recognise(question))
    }

    /// Returns when every name server has answered its probe. One that loops is looked at again,
    /// as someone may mend it.
    pub(crate) async fn find_loops(&self) {
        loop {
            let mut settled = true;
            for upstream in &self.upstreams {
                settled &= self.probe(upstream).await;
            }
            if settled {
                return;
            }
            sleep(PROBE_AGAIN).await;
        }
    }

    async fn probe(&self, upstream: &Upstream) -> bool {
        let Some(mut question) = upstream.probe.message().and_then(Outgoing::new) else {
            return true;
        };
        let asked = question.ask_udp(upstream.address, wire::PLAIN_UDP);
        let answered = timeout(self.attempt, asked)
            .await
            .is_ok_and(|answer| answer.is_ok());
        let loops = upstream.probe.came_back();
        if upstream.set_loops(loops) {
            let upstream = upstream.address;
            if loops {
                tracing::error!(%upstream, "name server sends questions back to this resolver; \
                    it is not asked until that ends. Give another one with --upstream, or take \
                    this resolver out of what it forwards to");
            } else {
                tracing::info!(%upstream, "name server does not send questions back any more");
            }
        }
        answered && !loops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(probe: &Probe) -> LowerQuery {
        let message = Message::from_vec(&probe.message().unwrap()).unwrap();
        LowerQuery::query(message.queries[0].clone())
    }

    #[test]
    fn a_probe_knows_its_own_question_and_no_other() {
        let (one, two) = (Probe::new(), Probe::new());
        assert!(!one.recognise(&question(&two)));
        assert!(!one.came_back());
        assert!(one.recognise(&question(&one)));
        assert!(one.came_back());
    }

    #[test]
    fn asking_again_forgets_what_came_back() {
        let probe = Probe::new();
        probe.recognise(&question(&probe));
        probe.message().unwrap();
        assert!(!probe.came_back());
    }
}
