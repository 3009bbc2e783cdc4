//! How long a relay waits for an end that says nothing.

use std::time::Duration;

use crate::socket::SocketOptions;

/// How long a relay waits for an end that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// While one side has finished sending. RFC 1122 lets such a connection live for ever; in practice
    /// the other end is gone without its FIN having reached us.
    pub half_closed: Duration,
    /// While an end owes an acknowledgement, or an answer to the question whether it has room again.
    /// One that answers and merely does not read is waited for as long as it takes. Without a time,
    /// the kernel's own limits count.
    pub unanswered: Option<Duration>,
    /// What the upstream is tuned with once the connection has lasted for a while. Most connections are
    /// over before any of it matters, and each option is a system call. `None` where it has been done.
    pub lasting: Option<SocketOptions>,
}

/// One packet that is lost, and lost again, must not make a peer dead: the third attempt comes after three
/// seconds at the latest (`TCP_RTO_MAX_MS`).
const SHORTEST: Duration = Duration::from_secs(5);

impl Patience {
    /// With this time for half-closed connections, and that of the sockets' keepalive.
    #[must_use]
    pub fn new(half_closed: Duration, sockets: &SocketOptions) -> Self {
        Self {
            half_closed,
            unanswered: sockets
                .keepalive
                .map(|keepalive| keepalive.dead_after().max(SHORTEST)),
            lasting: None,
        }
    }

    /// The same, for an upstream that was dialled with [`SocketOptions::at_first`] of these options.
    #[must_use]
    pub fn tuning_later(self, sockets: SocketOptions) -> Self {
        Self {
            lasting: sockets.keepalive.is_some().then_some(sockets),
            ..self
        }
    }
}

impl Default for Patience {
    /// 60 s, and as long as the standard keepalive takes.
    fn default() -> Self {
        Self::new(Duration::from_secs(60), &SocketOptions::standard())
    }
}
