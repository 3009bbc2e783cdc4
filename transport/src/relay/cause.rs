//! Why a relay has ended: which leg failed, and how.

use std::io;

use super::Side;
use crate::reason::Reason;
use crate::tls::{BrokenOff, PeerAlert, RecordsUsedUp, peer_alert};

/// Why a connection has ended that failed at its upstream in this way, before a relay began as well.
#[must_use]
pub fn upstream_reason(error: &io::Error) -> Reason {
    reason(Side::Upstream, error)
}

pub(super) fn reason(side: Side, error: &io::Error) -> Reason {
    use io::ErrorKind as K;
    let (reset, dead, truncated, failed) = match side {
        Side::Downstream => (
            Reason::DownstreamReset,
            Reason::DownstreamDead,
            Reason::DownstreamTruncated,
            Reason::DownstreamFailed,
        ),
        Side::Upstream => (
            Reason::UpstreamReset,
            Reason::UpstreamDead,
            Reason::UpstreamTruncated,
            Reason::UpstreamFailed,
        ),
    };
    match error.kind() {
        K::ConnectionReset | K::BrokenPipe | K::ConnectionAborted | K::NotConnected => reset,
        K::TimedOut | K::HostUnreachable | K::NetworkUnreachable => dead,
        K::UnexpectedEof => truncated,
        // In TLS 1.3 a client has finished its handshake before the server has judged its
        // certificate, so that the refusal arrives where the first answer should have been.
        _ if peer_alert(error).is_some_and(PeerAlert::is_refusal) => Reason::RefusedByPeer,
        _ if is_used_up(error) => Reason::TlsKeyUsedUp,
        _ => failed,
    }
}

fn is_used_up(error: &io::Error) -> bool {
    let cause = error.get_ref();
    cause.is_some_and(<dyn std::error::Error + Send + Sync>::is::<RecordsUsedUp>)
}

/// The error with an alert of the peer said in words, where that is what it is.
pub(super) fn in_words(error: io::Error) -> io::Error {
    match peer_alert(&error) {
        Some(alert) => io::Error::new(error.kind(), BrokenOff(alert)),
        None => error,
    }
}
