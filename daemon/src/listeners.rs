//! Sockets that listen already when the process starts, and those that a successor may have.
//!
//! A supervisor that does socket activation (`LISTEN_FDS`, sd_listen_fds(3)) gives them by name, and so
//! does a process that this one succeeds. They are used as they are, so that no connection is refused
//! between two processes.

use std::env;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use listenfd::ListenFd;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Who has given a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giver {
    /// The service manager: what it calls by our name is ours, whatever its address.
    Supervisor,
    /// The process before this one: what it has is ours where it is what we were told to listen on.
    Predecessor,
    /// The process before this one, which had it from the service manager.
    SupervisorBefore,
}

impl Giver {
    /// Whether the service manager has opened it, in the end.
    pub const fn is_supervisor(self) -> bool {
        matches!(self, Self::Supervisor | Self::SupervisorBefore)
    }

    /// Whether another process serves there until this one does.
    pub(crate) const fn is_predecessor(self) -> bool {
        matches!(self, Self::Predecessor | Self::SupervisorBefore)
    }
}

/// A listening socket that a successor can have.
#[derive(Debug, Clone)]
pub struct KeptListener {
    /// What it is called.
    pub name: &'static str,
    /// Where it listens.
    pub socket: Arc<TcpListener>,
    /// Who has given it to this process, if it has not bound it itself.
    pub giver: Option<Giver>,
}

/// Listening sockets of other processes; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Listeners {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    given: Mutex<Vec<(String, TcpListener, Giver)>>,
    keeps: AtomicBool,
    kept: Mutex<Vec<KeptListener>>,
    retired: CancellationToken,
    answers: TaskTracker,
}

/// Whoever was accepted before the successor began has asked by then; one that says nothing is not
/// waited for.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

impl Listeners {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up what a supervisor has left, if it is for this process.
    pub(crate) fn receive(&self) {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut sockets = ListenFd::from_env();
        for index in 0..sockets.len() {
            let name = names.next().unwrap_or_default();
            match sockets.take_tcp_listener(index) {
                Ok(Some(socket)) => self.give(name, socket, Giver::Supervisor),
                Ok(None) => {}
                Err(error) => tracing::warn!(name, %error, "a socket that was given is not used"),
            }
        }
    }

    /// Adds a socket that listens.
    pub fn give(&self, name: impl Into<String>, socket: TcpListener, giver: Giver) {
        lock(&self.shared.given).push((name.into(), socket, giver));
    }

    /// The socket for what is called `name` and is to listen on `address`, if one was given.
    pub fn take(&self, name: &str, address: SocketAddr) -> Option<(TcpListener, Giver)> {
        let mut given = lock(&self.shared.given);
        let index = position(&given, name, address)?;
        let (_, socket, giver) = given.remove(index);
        // A service manager gives what it has opened to each process, and so does the one before: it is
        // the same socket, since no two listen at one address.
        let at = socket.local_addr().ok();
        given.retain(|(_, other, _)| at.is_none() || other.local_addr().ok() != at);
        Some((socket, giver))
    }

    /// Whether there is one to [`take`](Self::take).
    pub fn has(&self, name: &str, address: SocketAddr) -> bool {
        position(&lock(&self.shared.given), name, address).is_some()
    }

    /// Closes those that nobody has taken.
    pub(crate) fn close_rest(&self) {
        for (name, socket, _) in lock(&self.shared.given).drain(..) {
            if let Ok(address) = socket.local_addr() {
                tracing::warn!(name, %address, "nothing here listens there: a socket that was given is closed");
            }
        }
    }

    /// From now on what listens is kept for a successor, too.
    pub fn keep_for_successor(&self) {
        self.shared.keeps.store(true, Ordering::Relaxed);
    }

    /// Keeps a socket for a successor, if there may be one.
    pub fn keep(&self, name: &'static str, socket: &TcpListener, giver: Option<Giver>) {
        if !self.shared.keeps.load(Ordering::Relaxed) {
            return;
        }
        match socket.try_clone() {
            Ok(socket) => lock(&self.shared.kept).push(KeptListener {
                name,
                socket: Arc::new(socket),
                giver,
            }),
            Err(error) => tracing::warn!(name, %error, "a successor will have to bind this anew"),
        }
    }

    /// What a successor can have.
    pub fn kept(&self) -> Vec<KeptListener> {
        lock(&self.shared.kept).clone()
    }

    /// Keeps none any more, as this process accepts nobody: a socket listens for as long as anybody has it,
    /// and whoever connects is to be refused, and not to wait.
    pub(crate) fn keep_none(&self) {
        self.shared.keeps.store(false, Ordering::Relaxed);
        lock(&self.shared.kept).clear();
    }

    /// Leaves the process's own endpoints to a successor: nothing is accepted there any more.
    pub fn retire(&self) {
        self.shared.retired.cancel();
        lock(&self.shared.kept).clear();
    }

    /// Whether a successor has them.
    pub(crate) fn is_retired(&self) -> bool {
        self.shared.retired.is_cancelled()
    }

    /// What the endpoints need for it: the switch of [`retire`](Self::retire), and where answers are
    /// given, which go on.
    pub(crate) fn retirement(&self) -> (CancellationToken, TaskTracker) {
        (self.shared.retired.clone(), self.shared.answers.clone())
    }

    /// Waits for the answers to those who came before this process was succeeded, if it was.
    pub(crate) async fn answered(&self) {
        if self.is_retired() {
            self.shared.answers.close();
            let _ = tokio::time::timeout(LAST_ANSWERS, self.shared.answers.wait()).await;
        }
    }
}

/// Which of those that were given is for what is called `name` and is to listen on `address`.
fn position(
    given: &[(String, TcpListener, Giver)],
    name: &str,
    address: SocketAddr,
) -> Option<usize> {
    let fits = |(its_name, socket, giver): &(String, TcpListener, Giver)| {
        let at = socket.local_addr().ok();
        match giver {
            Giver::Supervisor | Giver::SupervisorBefore => its_name == name || at == Some(address),
            Giver::Predecessor => its_name == name && at.is_some_and(|at| is_at(at, address)),
        }
    };
    given.iter().position(fits)
}

/// Whether a predecessor listens where we were asked to: it was asked for port 0, too.
fn is_at(at: SocketAddr, asked: SocketAddr) -> bool {
    at.ip() == asked.ip() && (asked.port() == 0 || at.port() == asked.port())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, giver: Giver) -> (Listeners, SocketAddr) {
        let listeners = Listeners::new();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        listeners.give(name, socket, giver);
        (listeners, address)
    }

    const ELSEWHERE: &str = "127.0.0.2:9";

    #[test]
    fn what_a_supervisor_calls_by_name_is_taken_whatever_its_address() {
        for giver in [Giver::Supervisor, Giver::SupervisorBefore] {
            let (listeners, address) = given("gateway", giver);
            let (socket, _) = listeners
                .take("gateway", ELSEWHERE.parse().unwrap())
                .unwrap();
            assert_eq!(socket.local_addr().unwrap(), address);
            assert!(listeners.take("gateway", address).is_none());
        }
    }

    #[test]
    fn what_a_supervisor_calls_otherwise_is_taken_by_its_address() {
        let (listeners, address) = given("eastwest-gateway.socket", Giver::Supervisor);
        for other in [ELSEWHERE, "127.0.0.1:0"] {
            assert!(listeners.take("gateway", other.parse().unwrap()).is_none());
        }
        assert!(listeners.take("gateway", address).is_some());
    }

    #[test]
    fn what_supervisor_and_predecessor_both_give_is_one_socket() {
        let (listeners, address) = given("gateway", Giver::Supervisor);
        let (socket, other) = {
            let given = lock(&listeners.shared.given);
            let (_, socket, _) = given.first().unwrap();
            (
                socket.try_clone().unwrap(),
                TcpListener::bind("127.0.0.1:0").unwrap(),
            )
        };
        listeners.give("gateway", socket, Giver::SupervisorBefore);
        listeners.give("ready", other, Giver::Predecessor);
        let (taken, giver) = listeners.take("gateway", address).unwrap();
        assert_eq!(taken.local_addr().unwrap(), address);
        assert_eq!(giver, Giver::Supervisor);
        let rest = lock(&listeners.shared.given);
        let names: Vec<_> = rest.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["ready"]);
    }

    #[test]
    fn a_predecessors_socket_is_not_taken_where_another_address_was_asked_for() {
        let (listeners, address) = given("gateway", Giver::Predecessor);
        assert!(
            listeners
                .take("gateway", ELSEWHERE.parse().unwrap())
                .is_none()
        );
        assert!(listeners.take("ready", address).is_none());
        let any_port = SocketAddr::new(address.ip(), 0);
        assert!(listeners.take("gateway", any_port).is_some());
    }

    #[test]
    fn only_a_process_that_may_be_succeeded_keeps_sockets() {
        let listeners = Listeners::new();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        listeners.keep("ready", &socket, None);
        assert!(listeners.kept().is_empty());
        listeners.keep_for_successor();
        listeners.keep("ready", &socket, None);
        assert_eq!(listeners.kept().len(), 1);
        listeners.retire();
        assert!(listeners.kept().is_empty() && listeners.is_retired());
    }
}
