//! One connection through the first of several gateways that leads to the far end.
//!
//! A gateway that fails is followed by the next at once, and one that is silent is joined by it: the
//! app's connect sees neither. The first tunnel whose far end has proved itself is taken, and the
//! other attempts are dropped before they are whole, so that no second pod's app is dialled.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use eastwest_daemon::{Step, Steps};
use eastwest_mesh::GatewayEndpoint;
use tokio::time::{Instant, timeout_at};

use super::{Call, Tunnel, TunnelError, Tunnels};

/// How long a TCP connection may take before the next gateway is tried beside it (RFC 8305, section
/// 8, "Connection Attempt Delay").
const UNCONNECTED: Duration = Duration::from_millis(250);

/// How long a TLS handshake may take before the next gateway is tried beside it. In it the gateway
/// looks the pod up and dials it, and two round trips go to the pod: a quarter of a second each
/// way round the earth, and half of one for the rest.
const UNSECURED: Duration = Duration::from_secs(1);

/// How far an attempt has come.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    begun: Instant,
    steps: Arc<Steps>,
}

impl Progress {
    /// Of an attempt that begins now, for a connection that began then.
    fn since(opened: Instant) -> Self {
        Self {
            begun: Instant::now(),
            steps: Arc::new(Steps::since(opened)),
        }
    }

    pub(super) fn took(&self, step: Step, at: Instant) {
        self.steps.take(step, at);
    }

    /// When it has been silent for too long to wait for it alone.
    fn silent_at(&self) -> Instant {
        match self.steps.taken(Step::Connect) {
            None => self.begun + UNCONNECTED,
            Some(connected) => self.steps.opened() + connected + UNSECURED,
        }
    }
}

type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Tunnel, TunnelError>> + Send + 'a>>;

/// What came of an attempt, and how far that was.
type Outcome = (Progress, Result<Tunnel, TunnelError>);

struct Running<'a> {
    endpoint: &'a GatewayEndpoint,
    progress: Progress,
    attempt: Attempt<'a>,
}

impl Tunnels {
    /// A tunnel through the first of `gateways` that makes one; all of them together have the time
    /// to connect and the time for a handshake.
    pub(super) async fn race(
        self: &Arc<Self>,
        call: &Call<'_>,
        gateways: Vec<&GatewayEndpoint>,
        steps: &Steps,
    ) -> Result<Tunnel, TunnelError> {
        let deadline = Instant::now() + call.connect_timeout + self.handshake_timeout;
        let mut waiting = gateways.into_iter();
        let mut running: Vec<Running<'_>> = Vec::new();
        let mut failed = Vec::new();
        loop {
            if let Some(endpoint) = waiting.next() {
                let progress = Progress::since(steps.opened());
                let mine = progress.clone();
                running.push(Running {
                    endpoint,
                    progress,
                    attempt: Box::pin(async move {
                        self.attempt(call, endpoint, deadline, &mine).await
                    }),
                });
            }
            if running.is_empty() {
                return Err(TunnelError::of(failed));
            }
            let more = waiting.len() > 0;
            let Some((progress, outcome)) = first(&mut running, more).await else {
                continue;
            };
            let is_final = outcome
                .as_ref()
                .map_or_else(TunnelError::is_final, |_| true);
            if is_final || progress.steps.count() >= steps.count() {
                steps.follow(&progress.steps);
            }
            match outcome {
                Ok(tunnel) => {
                    self.doubt(&running);
                    return Ok(tunnel);
                }
                Err(error) if is_final => return Err(error),
                Err(error) => failed.push(error),
            }
        }
    }

    /// Those that were silent while another made it are to be looked at.
    fn doubt(self: &Arc<Self>, running: &[Running<'_>]) {
        let now = Instant::now();
        for one in running.iter().filter(|one| one.progress.silent_at() <= now) {
            self.attend(one.endpoint, self.gateways.doubted(one.endpoint));
        }
    }
}

/// The first attempt that ends, taken out of `running`; `None` when the last one has been silent for
/// too long and there are `more`.
async fn first(running: &mut Vec<Running<'_>>, more: bool) -> Option<Outcome> {
    let silent_at = |running: &[Running<'_>]| running.last().map(|last| last.progress.silent_at());
    loop {
        let Some(limit) = silent_at(running).filter(|_| more) else {
            return Some(ended(running).await);
        };
        if let Ok(ended) = timeout_at(limit, ended(running)).await {
            return Some(ended);
        }
        // Unless it has connected meanwhile, which gives it more time.
        if silent_at(running).is_some_and(|limit| limit <= Instant::now()) {
            return None;
        }
    }
}

/// The outcome of the first attempt that ends.
async fn ended(running: &mut Vec<Running<'_>>) -> Outcome {
    poll_fn(|context| {
        for place in 0..running.len() {
            let Some(one) = running.get_mut(place) else {
                break;
            };
            if let Poll::Ready(outcome) = one.attempt.as_mut().poll(context) {
                let Running { progress, .. } = running.remove(place);
                return Poll::Ready((progress, outcome));
            }
        }
        Poll::Pending
    })
    .await
}
