//! `DestinationRule.spec.trafficPolicy.connectionPool`

use std::num::NonZeroU32;
use std::time::Duration;

use crate::code::Code;
use crate::connection_pool::{ConnectionPool, TcpKeepalive};
use crate::fields::Fields;
use crate::report::Report;

/// What Linux takes for the times of keepalive (`MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL`), in whole seconds.
const SECONDS: (u64, u64) = (1, 32_767);
/// `MAX_TCP_KEEPCNT`.
const PROBES: NonZeroU32 = NonZeroU32::MIN.saturating_add(126);
/// What holds for what a rule leaves out (the flags `--keepalive` and `--keepalive-interval`).
const USUAL: (Duration, Duration, NonZeroU32) = (
    Duration::from_secs(5),
    Duration::from_secs(3),
    NonZeroU32::MIN.saturating_add(2),
);
/// `replica_net_timeout`: by then a replica has found out for itself.
const REPLICA_NET_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn read(mut pool: Fields<'_>, report: &Report) -> ConnectionPool {
    let read = pool
        .mapping("tcp")
        .map(|tcp| read_tcp(tcp, report))
        .unwrap_or_default();
    pool.without_effect(&["http"], "bytes are tunnelled, whatever they mean");
    pool.finish();
    read
}

fn read_tcp(mut tcp: Fields<'_>, report: &Report) -> ConnectionPool {
    let timeout = tcp.get("connectTimeout");
    let most = tcp.get("maxConnections");
    let read = ConnectionPool {
        // Istio takes 0 as if it were not there.
        max_connections: most.and_then(|field| NonZeroU32::new(field.whole_number()?)),
        connect_timeout: timeout.and_then(|field| field.duration()),
        keepalive: tcp
            .mapping("tcpKeepalive")
            .map(|keepalive| read_keepalive(keepalive, report)),
    };
    tcp.without_effect(
        &[
            "idleTimeout",
            "maxConnectionDuration",
            "maxConnectionDurationJitter",
        ],
        "a connection lasts as long as its two ends want it to",
    );
    tcp.finish();
    read
}

fn read_keepalive(mut keepalive: Fields<'_>, report: &Report) -> TcpKeepalive {
    let probes = keepalive.get("probes");
    let mut time = |key| {
        let field = keepalive.get(key)?;
        field.duration().map(whole_seconds)
    };
    let read = TcpKeepalive {
        time: time("time"),
        interval: time("interval"),
        probes: probes
            .and_then(|field| NonZeroU32::new(field.whole_number()?))
            .map(|probes| probes.min(PROBES)),
    };
    let noticed = noticed_after(&read);
    if noticed > REPLICA_NET_TIMEOUT {
        let message = format!(
            "tcpKeepalive notices a far end that has vanished after {} s only; a replica waits for \
             {} s (replica_net_timeout), and every other client for as long as this says",
            noticed.as_secs(),
            REPLICA_NET_TIMEOUT.as_secs()
        );
        report.warning(Code::SlowKeepalive, keepalive.mark(), message);
    }
    keepalive.finish();
    read
}

/// Up, so that nothing is asked more often than was meant.
fn whole_seconds(time: Duration) -> Duration {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    Duration::from_secs(seconds.clamp(SECONDS.0, SECONDS.1))
}

fn noticed_after(keepalive: &TcpKeepalive) -> Duration {
    let (time, interval, probes) = USUAL;
    let probes = keepalive.probes.unwrap_or(probes).get();
    keepalive.time.unwrap_or(time) + keepalive.interval.unwrap_or(interval) * probes
}
