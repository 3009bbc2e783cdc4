//! What the process tells a service manager that listens (sd_notify(3)); nothing where there is none.
//!
//! The environment is left as it is: changing it is not safe once there are threads, and no server here
//! starts another program that could mistake it for its own.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long a manager may have no room for what it must not miss.
const ROOM: Duration = Duration::from_secs(2);

/// The service manager; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: OnceLock<Duration>,
    invocation: String,
    /// Whether another process of this service is the main one as yet.
    follows: AtomicBool,
}

impl Supervisor {
    /// The one that the environment names, as systemd sets it: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    /// `INVOCATION_ID`.
    pub(crate) fn of_environment() -> Self {
        let var = |name| env::var(name).unwrap_or_default();
        let for_us = var("WATCHDOG_PID")
            .parse()
            .map_or(true, |process: u32| process == std::process::id());
        let shared = Shared {
            socket: Self::connect(&var("NOTIFY_SOCKET")),
            watchdog: OnceLock::new(),
            invocation: var("INVOCATION_ID"),
            follows: AtomicBool::new(false),
        };
        let supervisor = Self {
            shared: Arc::new(shared),
        };
        if for_us && let Ok(micros) = var("WATCHDOG_USEC").parse() {
            supervisor.has_watchdog(Duration::from_micros(micros));
        }
        supervisor
    }

    /// It has to hear from this process within `time`; no time at all is no watchdog. It tells only the
    /// process that it has started itself.
    pub fn has_watchdog(&self, time: Duration) {
        if !time.is_zero() {
            let _ = self.shared.watchdog.set(time);
        }
    }

    /// Within which time it has to hear from this process, if it has to.
    pub fn watchdog(&self) -> Option<Duration> {
        self.shared.watchdog.get().copied()
    }

    fn connect(path: &str) -> Option<(UnixDatagram, SocketAddr)> {
        let address = match path.strip_prefix('@') {
            _ if path.is_empty() => return None,
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(path),
        };
        let connected = address.and_then(|address| {
            let socket = UnixDatagram::unbound()?;
            // A manager that does not read must not stop us.
            socket.set_nonblocking(true)?;
            Ok((socket, address))
        });
        connected
            .inspect_err(|error| tracing::warn!(path, %error, "NOTIFY_SOCKET is of no use"))
            .ok()
    }

    /// Whether a process of this invocation is one of the same run of the same service.
    pub fn is_of(&self, invocation: &str) -> bool {
        !invocation.is_empty() && invocation == self.shared.invocation
    }

    /// The manager's name for this run of the service; empty where there is none.
    pub fn invocation(&self) -> &str {
        &self.shared.invocation
    }

    /// The process serves.
    pub(crate) fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={status}"));
    }

    /// The configuration is being read again; followed by [`ready`](Self::ready).
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let now = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
    }

    /// Whether another process of this service is the main one, and this one is to follow it.
    pub fn follows(&self, follows: bool) {
        self.shared.follows.store(follows, Ordering::Relaxed);
    }

    /// The process ends. The manager takes that for the end of the service, whichever process says it.
    pub(crate) fn stopping(&self, status: &str) {
        if !self.shared.follows.load(Ordering::Relaxed) {
            self.say(&format!("STOPPING=1\nSTATUS={status}"));
        }
    }

    /// Another process of this service is the main one from now on. The manager believes it of the one
    /// that was, and must have heard it before that one ends: it would take the service for ended.
    pub async fn succeeded_by(&self, process: u32) {
        let words = format!("MAINPID={process}");
        let deadline = tokio::time::Instant::now() + ROOM;
        let told = loop {
            match self.send(&words) {
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock
                        && tokio::time::Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                told => break told,
            }
        };
        if let Err(error) = told {
            tracing::error!(%error, words, "the service manager was not told who goes on");
        }
    }

    /// Says twice in the time that the manager allows that this runtime is not stuck. To be run on the
    /// one that matters.
    pub(crate) async fn keep_watchdog(self) {
        let Some(time) = self.watchdog() else { return };
        loop {
            self.say("WATCHDOG=1");
            tokio::time::sleep(time / 2).await;
        }
    }

    fn say(&self, words: &str) {
        if let Err(error) = self.send(words) {
            tracing::debug!(%error, words, "the service manager was not told");
        }
    }

    fn send(&self, words: &str) -> io::Result<()> {
        if let Some((socket, address)) = &self.shared.socket {
            socket.send_to_addr(words.as_bytes(), address)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_goes_on_is_said_when_a_manager_that_was_busy_has_room_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify.sock");
        let manager = UnixDatagram::bind(&path).unwrap();
        let long = Some(Duration::from_secs(30));
        manager.set_read_timeout(long).unwrap();
        let shared = Shared {
            socket: Supervisor::connect(path.to_str().unwrap()),
            ..Shared::default()
        };
        let supervisor = Supervisor {
            shared: Arc::new(shared),
        };
        let mut waiting = 0;
        while supervisor.send("WATCHDOG=1").is_ok() {
            waiting += 1;
        }
        let hears = move || {
            std::thread::sleep(Duration::from_millis(100));
            let mut words = [0; 64];
            let mut last = String::new();
            for _ in 0..=waiting {
                let length = manager.recv(&mut words).unwrap();
                last = String::from_utf8(words[..length].to_vec()).unwrap();
            }
            last
        };
        let hears = tokio::task::spawn_blocking(hears);
        supervisor.succeeded_by(4711).await;
        assert_eq!(hears.await.unwrap(), "MAINPID=4711");
    }
}
