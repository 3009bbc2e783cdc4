//! Names that are no alias go to the name servers of the site, and their answers come back as
//! they are: every section, record type, flag and response code.

pub(crate) mod exchange;
mod probe;
pub(crate) mod upstream;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::io::Errno;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{
    config::Forwarding,
    forward::{
        exchange::Outgoing,
        upstream::{Upstream, UpstreamState},
    },
    metrics::ForwardMetrics,
    wire::{Header, rcode},
};

/// Which name servers there are, and in which order they are asked.
#[derive(Debug)]
pub(crate) struct Forwarder {
    upstreams: Vec<Upstream>,
    rotate: bool,
    turn: AtomicUsize,
    attempt: Duration,
    total: Duration,
    permits: Arc<Semaphore>,
    metrics: ForwardMetrics,
}

/// How often a server is asked: a datagram may get lost.
const ROUNDS: usize = 2;

/// How a question travels: the way it came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Via {
    /// With the largest answer that the client can take.
    Udp {
        limit: usize,
    },
    Tcp,
}

impl Forwarder {
    pub(crate) fn new(settings: &Forwarding) -> Self {
        Self {
            upstreams: settings
                .upstreams
                .iter()
                .copied()
                .map(Upstream::new)
                .collect(),
            rotate: settings.rotate,
            turn: AtomicUsize::new(0),
            attempt: settings.attempt_timeout,
            total: settings.total_timeout,
            permits: Arc::new(Semaphore::new(settings.at_once)),
            metrics: ForwardMetrics::new(&settings.upstreams),
        }
    }

    /// Without name servers only aliases are answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.upstreams.is_empty()
    }

    /// The right to forward one question; `None` when as many as allowed are on their way.
    pub(crate) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Each name server and what is known of it.
    pub(crate) fn states(&self) -> impl Iterator<Item = (SocketAddr, UpstreamState)> {
        self.upstreams
            .iter()
            .map(|upstream| (upstream.address, upstream.state()))
    }

    /// Asks one name server after the other until one answers, each at most twice and all within
    /// the total time. An answer that says "I can't" (SERVFAIL, NOTIMP, REFUSED) makes way for that
    /// of another server, as in the C library, but is better than none.
    pub(crate) async fn forward(&self, question: &mut Outgoing, via: Via) -> Option<Vec<u8>> {
        let end = Instant::now() + self.total;
        let order = self.order();
        let mut unwilling = None;
        for round in 0..ROUNDS {
            for (place, &(index, upstream)) in order.iter().enumerate() {
                // In the first round each server still to come keeps its share of the time.
                let to_come = if round == 0 { order.len() - place } else { 1 };
                let left = end.saturating_duration_since(Instant::now());
                let share = left / u32::try_from(to_come).unwrap_or(u32::MAX);
                if share.is_zero() {
                    return unwilling;
                }
                let until = Instant::now() + self.attempt.min(share);
                match self.ask(upstream, index, question, via, until).await {
                    Ok(answer) if !is_unwilling(&answer) => return Some(answer),
                    Ok(answer) => unwilling = unwilling.or(Some(answer)),
                    Err(_) => {}
                }
            }
            if unwilling.is_some() {
                break;
            }
        }
        unwilling
    }

    /// Those that answer first, then those that rest; each group in the order of configuration,
    /// or from a new start each time.
    fn order(&self) -> Vec<(usize, &Upstream)> {
        let count = self.upstreams.len();
        let start = if self.rotate {
            self.turn.fetch_add(1, Ordering::Relaxed)
        } else {
            0
        };
        let all = self.upstreams.iter().enumerate();
        let turns = all
            .cycle()
            .skip(start.checked_rem(count).unwrap_or_default())
            .take(count);
        let (mut order, resting): (Vec<_>, Vec<_>) = turns
            .filter(|(_, upstream)| !upstream.loops())
            .partition(|(_, upstream)| upstream.take_turn());
        order.extend(resting);
        order
    }

    async fn ask(
        &self,
        upstream: &Upstream,
        index: usize,
        question: &mut Outgoing,
        via: Via,
        until: Instant,
    ) -> io::Result<Vec<u8>> {
        let begin = Instant::now();
        let server = upstream.address;
        let asked = async {
            match via {
                Via::Udp { limit } => question.ask_udp(server, limit).await,
                Via::Tcp => question.ask_tcp(server).await,
            }
        };
        let answer = timeout_at(until, asked).await.unwrap_or_else(|_| {
            let waited = begin.elapsed().as_millis();
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer in {waited} ms"),
            ))
        });
        match &answer {
            Ok(_) => {
                self.metrics.answered(index, begin.elapsed());
                if upstream.succeeded() {
                    tracing::info!(upstream = %server, "name server answers again");
                }
            }
            Err(error) if is_local(error) => {
                tracing::warn!(upstream = %server, %error, "question not forwarded");
            }
            Err(error) => {
                self.metrics.failed(index);
                if upstream.failed() {
                    tracing::warn!(upstream = %server, %error, "name server does not answer");
                }
            }
        }
        answer
    }
}

/// Whether the server answered, but not the question.
fn is_unwilling(answer: &[u8]) -> bool {
    let code = Header::read(answer).map(Header::rcode);
    matches!(
        code,
        Some(rcode::SERVER_FAILURE | rcode::NOT_IMPLEMENTED | rcode::REFUSED)
    )
}

/// Out of file descriptors or memory: not the server's fault.
fn is_local(error: &io::Error) -> bool {
    let local = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error
        .raw_os_error()
        .is_some_and(|code| local.iter().any(|errno| errno.raw_os_error() == code))
}
