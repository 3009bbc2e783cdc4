//! How our TCP sockets are tuned, in one place, and what the kernel tells of them.

mod tcp_info;

use std::time::Duration;

use nix::libc;
use nix::sys::socket::SetSockOpt;
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};

pub use tcp_info::TcpInfo;

sockopt_impl!(
    /// Seconds for which a connection whose client says nothing is kept from accept(2) (tcp(7)).
    DeferAccept,
    Both,
    libc::IPPROTO_TCP,
    libc::TCP_DEFER_ACCEPT,
    u32
);

sockopt_impl!(
    /// The longest time between two transmissions of the same bytes, or two questions whether a peer has
    /// room again, in milliseconds (linux/tcp.h, `TCP_RTO_MAX_MS`): Linux 6.15 and newer.
    RtoMax,
    SetOnly,
    libc::IPPROTO_TCP,
    RTO_MAX_MS,
    u32
);

/// What the kernel takes, in milliseconds.
const RTO_MAX_RANGE: (u32, u32) = (1_000, 120_000);
/// Newer than the C library's list.
const RTO_MAX_MS: libc::c_int = 44;

/// The kernel counts in retransmissions of its SYN-ACK; the first is after one second.
const SILENCE: u32 = 1;

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

impl Keepalive {
    /// How long a peer that has vanished may go unnoticed.
    #[must_use]
    pub fn dead_after(&self) -> Duration {
        self.idle + self.interval * self.probes
    }
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
}

impl SocketOptions {
    /// The options that servers use unless told otherwise.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            keepalive: Some(Keepalive::default()),
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
        }
    }

    /// What of them a connection needs from its first byte on: all but those that only count after
    /// seconds.
    #[must_use]
    pub const fn at_first(&self) -> Self {
        Self { keepalive: None }
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
            // Waiting doubles up to two minutes otherwise: after an outage a stream would stand still
            // as long again, and who is gone would not be asked often enough to find out.
            // Not so often that the kernel's fifteen attempts (tcp_retries2) are over before the peer counts
            // as dead.
            let most = k.interval.max(k.dead_after() / 10).as_millis();
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            let most = most.clamp(RTO_MAX_RANGE.0, RTO_MAX_RANGE.1);
            note(
                "TCP_RTO_MAX_MS",
                RtoMax.set(&*socket, &most).map_err(Into::into),
            );
        }
    }
}

/// Has connections of `listener` come with their first bytes, for protocols whose client speaks first:
/// reading them needs no second wake-up, and a probe that connects and leaves is never seen. Who has
/// said nothing for a second comes all the same.
pub fn accept_with_first_bytes(listener: &TcpListener) {
    let outcome = DeferAccept.set(listener, &SILENCE);
    note("TCP_DEFER_ACCEPT", outcome.map_err(Into::into));
}

fn note(option: &str, outcome: std::io::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(option, %error, "socket option not set");
    }
}

/// Gives the kernel its usual time to deliver what is left after the coming close of `stream`: of a
/// socket that nobody owns it gives up as soon as it would wait for the longest time between two attempts.
pub fn deliver_after_close(stream: &TcpStream) {
    // Where it is not supported it has not been changed.
    let _ = RtoMax.set(stream, &RTO_MAX_RANGE.1);
}

/// Makes the coming close of `stream` a reset: unsent data is dropped and the peer sees RST.
pub fn reset_on_close(stream: &TcpStream) {
    // Fails only on a socket that is already gone, which is what we want anyway.
    let _ = stream.set_zero_linger();
}
