//! How our TCP sockets are tuned, in one place.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Keepalive of an idle connection: a peer that vanished is noticed after
/// `idle + interval * probes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before the first probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Unanswered probes after which the connection is dead.
    pub probes: u32,
}

impl Default for Keepalive {
    /// 5 s + 3 x 3 s: a dead peer is noticed within 15 s, well before MySQL's `replica_net_timeout`
    /// (60 s), and an idle stream stays younger than any middlebox's idle limit (4 to 6 minutes).
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(5),
            interval: Duration::from_secs(3),
            probes: 3,
        }
    }
}

/// The options that every connection has, accepted or dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SocketOptions {
    /// Keepalive probes; none where the user turned them off.
    pub keepalive: Option<Keepalive>,
    /// `TCP_USER_TIMEOUT`: how long sent data may stay unacknowledged. Off by default, because Linux
    /// also counts the time in which a living peer merely does not read (a zero window), so that a
    /// paused replica would be cut off.
    pub user_timeout: Option<Duration>,
}

impl SocketOptions {
    /// The options that servers use unless told otherwise.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            keepalive: Some(Keepalive::default()),
            user_timeout: None,
        }
    }

    /// The standard options with other keepalive times; an idle time of zero turns it off.
    #[must_use]
    pub fn with_keepalive(idle: Duration, interval: Duration) -> Self {
        let keepalive = Keepalive {
            idle,
            interval,
            ..Keepalive::default()
        };
        Self {
            keepalive: (!idle.is_zero()).then_some(keepalive),
            ..Self::standard()
        }
    }

    /// Applies the options to a connection, or to a listener, from which every connection that it
    /// accepts inherits them (Linux copies the listener's socket). A socket that refuses one is still
    /// a connection, so failures are only logged.
    pub fn apply(&self, socket: SockRef<'_>) {
        // Small requests and MySQL packets must not wait for Nagle's timer.
        note("TCP_NODELAY", socket.set_tcp_nodelay(true));
        if let Some(k) = self.keepalive {
            let keepalive = TcpKeepalive::new()
                .with_time(k.idle)
                .with_interval(k.interval)
                .with_retries(k.probes);
            note("TCP_KEEPALIVE", socket.set_tcp_keepalive(&keepalive));
        }
        if self.user_timeout.is_some() {
            note(
                "TCP_USER_TIMEOUT",
                socket.set_tcp_user_timeout(self.user_timeout),
            );
        }
    }
}

fn note(option: &str, outcome: std::io::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(option, %error, "socket option not set");
    }
}

/// Makes the coming close of `stream` a reset: unsent data is dropped and the peer sees RST.
pub fn reset_on_close(stream: &TcpStream) {
    // Fails only on a socket that is already gone, which is what we want anyway.
    let _ = stream.set_zero_linger();
}
