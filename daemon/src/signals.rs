//! The signals that a server listens to.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// SIGTERM: a supervisor ends us; load balancers have to notice.
    Terminate,
    /// SIGINT: a person at a terminal ends us; nobody else has to notice.
    Interrupt,
    /// SIGHUP: read the configuration again.
    Reload,
}

impl Request {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Reload => "SIGHUP",
        }
    }

    /// What a shell reports for a process that such a signal has ended.
    pub(crate) fn exit_status(self) -> u8 {
        match self {
            Self::Reload => 128 + 1,
            Self::Interrupt => 128 + 2,
            Self::Terminate => 128 + 15,
        }
    }
}

/// The signals, caught from when this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(crate) fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Terminate,
            _ = self.interrupt.recv() => Request::Interrupt,
            _ = self.hangup.recv() => Request::Reload,
        }
    }
}
