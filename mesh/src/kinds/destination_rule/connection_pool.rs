//! `DestinationRule.spec.trafficPolicy.connectionPool`

use std::time::Duration;

use crate::fields::Fields;

/// `tcp.connectTimeout`, the one setting that is heeded.
pub(super) fn connect_timeout(mut pool: Fields<'_>) -> Option<Duration> {
    let timeout = pool.mapping("tcp").and_then(|mut tcp| {
        let timeout = tcp.get("connectTimeout");
        tcp.without_effect(
            &["maxConnections"],
            "the number of connections is not limited for each alias",
        );
        tcp.without_effect(
            &["tcpKeepalive"],
            "it is the same for all aliases, see the flags --keepalive and --keepalive-interval",
        );
        tcp.without_effect(
            &[
                "idleTimeout",
                "maxConnectionDuration",
                "maxConnectionDurationJitter",
            ],
            "a connection lasts as long as its two ends want it to",
        );
        tcp.finish();
        timeout.and_then(|field| field.duration())
    });
    pool.without_effect(&["http"], "bytes are tunnelled, whatever they mean");
    pool.finish();
    timeout
}
