//! How the process ends: unready, lame duck, stop accepting, grace, reset what is left.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[cfg(test)]
mod tests;

/// How long reset connections get to run their last lines before the process goes on without them.
const ABORT_TIME: Duration = Duration::from_secs(1);

/// How far the end has come. The order is the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Normal work.
    Running,
    /// Not ready any more, still accepting: load balancers and DNS need time to notice.
    LameDuck,
    /// Nothing is accepted; live connections may finish.
    Grace,
    /// What was left has been told to reset.
    Aborting,
}

/// Who asked for the end, and how it is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndRequest {
    /// Drain: a signal, or `POST /drain`.
    Drain {
        /// Keep accepting for the lame-duck time first. Ctrl-C at a terminal skips it.
        lame_duck: bool,
        /// For the log.
        cause: String,
    },
    /// Reset everything now and exit cleanly: `POST /quitquitquit`.
    Quit,
    /// A part that the process can't do without has failed.
    Failed(String),
}

/// The times of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainPolicy {
    /// Unready but still accepting, so that load balancers notice first.
    pub lame_duck: Duration,
    /// How long live connections may go on after accepting has stopped.
    pub grace: Duration,
}

/// What a drain left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections still open when the grace time was over; they were told to reset.
    pub reset: usize,
}

/// The one switch of a process, shared by all its tasks; clones are the same switch.
///
/// An accept loop ends at [`stop_accepting`](Self::stop_accepting). A connection runs inside
/// [`spawn`](Self::spawn), and resets both its sockets at [`aborted`](Self::aborted).
#[derive(Clone)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

struct Shared {
    phase: watch::Sender<Phase>,
    request: watch::Sender<Option<EndRequest>>,
    stop_accepting: CancellationToken,
    abort: CancellationToken,
    connections: TaskTracker,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A switch that nobody has touched.
    pub fn new() -> Self {
        let shared = Shared {
            phase: watch::Sender::new(Phase::Running),
            request: watch::Sender::new(None),
            stop_accepting: CancellationToken::new(),
            abort: CancellationToken::new(),
            connections: TaskTracker::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Returns when nothing more may be accepted. At once if that is so already.
    pub async fn stop_accepting(&self) {
        self.shared.stop_accepting.cancelled().await;
    }

    /// Returns when live connections have to reset. At once if that is so already.
    pub async fn aborted(&self) {
        self.shared.abort.cancelled().await;
    }

    /// Whether live connections have to reset.
    pub fn is_aborted(&self) -> bool {
        self.shared.abort.is_cancelled()
    }

    /// The switch behind [`stop_accepting`](Self::stop_accepting), for code that takes a token.
    pub fn stop_accepting_token(&self) -> CancellationToken {
        self.shared.stop_accepting.clone()
    }

    /// The switch behind [`aborted`](Self::aborted), for code that takes a token.
    pub fn aborted_token(&self) -> CancellationToken {
        self.shared.abort.clone()
    }

    /// Runs one connection; a drain waits for it. Accept loops and other endless tasks don't
    /// belong here, they would use up every grace time.
    pub fn spawn<F>(&self, connection: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.connections.spawn(connection)
    }

    /// How many tasks a drain would wait for now.
    pub fn open(&self) -> usize {
        self.shared.connections.len()
    }

    /// How far the end has come.
    pub fn phase(&self) -> Phase {
        *self.shared.phase.borrow()
    }

    /// From the lame-duck time on.
    pub fn is_draining(&self) -> bool {
        self.phase() > Phase::Running
    }

    /// Asks the process to drain and then end. The first request stands; later ones are ignored,
    /// except that [`quit`](Self::quit) and [`fail`](Self::fail) cut a drain short.
    pub fn request_drain(&self, lame_duck: bool, cause: impl Into<String>) {
        let cause = cause.into();
        self.shared.request.send_if_modified(|request| {
            let first = request.is_none();
            if first {
                *request = Some(EndRequest::Drain { lame_duck, cause });
            }
            first
        });
    }

    /// Asks the process to reset every connection and end now, as a success.
    pub fn quit(&self) {
        self.cut_short(EndRequest::Quit);
    }

    /// Tells that a part has failed without which the process is of no use; it ends with the exit
    /// status of a failure. `reason` is logged, so it should say what to do.
    pub fn fail(&self, reason: impl Into<String>) {
        self.cut_short(EndRequest::Failed(reason.into()));
    }

    fn cut_short(&self, end: EndRequest) {
        self.shared.request.send_if_modified(|request| {
            let news = matches!(request, None | Some(EndRequest::Drain { .. }));
            if news {
                *request = Some(end);
            }
            news
        });
    }

    /// Returns the first request to end that is not a plain drain if `draining`, else any.
    pub(crate) async fn requested(&self, draining: bool) -> EndRequest {
        let mut requests = self.shared.request.subscribe();
        let wanted = |request: &Option<EndRequest>| match request {
            None => false,
            Some(EndRequest::Drain { .. }) => !draining,
            Some(_) => true,
        };
        match requests.wait_for(wanted).await.as_deref() {
            Ok(Some(request)) => request.clone(),
            // The sender lives in `self`, so the channel can't close.
            _ => std::future::pending().await,
        }
    }

    /// Goes through the phases and returns when all connections have ended or were told to reset.
    pub async fn drain(&self, policy: &DrainPolicy) -> Drained {
        self.enter(Phase::LameDuck);
        tokio::time::sleep(policy.lame_duck).await;
        self.enter(Phase::Grace);
        self.shared.stop_accepting.cancel();
        self.shared.connections.close();
        if tokio::time::timeout(policy.grace, self.shared.connections.wait())
            .await
            .is_ok()
        {
            return Drained { reset: 0 };
        }
        self.abort().await
    }

    /// Stops accepting and resets every connection, without any waiting but for their last lines.
    pub async fn abort(&self) -> Drained {
        let reset = self.open();
        self.enter(Phase::Aborting);
        self.shared.stop_accepting.cancel();
        self.shared.abort.cancel();
        self.shared.connections.close();
        // A task that doesn't listen is not worth waiting for: the process is about to end.
        let _ = tokio::time::timeout(ABORT_TIME, self.shared.connections.wait()).await;
        Drained { reset }
    }

    fn enter(&self, phase: Phase) {
        self.shared.phase.send_if_modified(|current| {
            let later = phase > *current;
            if later {
                *current = phase;
            }
            later
        });
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("phase", &self.phase())
            .field("open", &self.open())
            .finish()
    }
}
