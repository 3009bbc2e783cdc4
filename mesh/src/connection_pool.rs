//! What a DestinationRule says of the connections to a host.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::outlier::seconds;

/// `trafficPolicy.connectionPool.tcp` of a DestinationRule, as far as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionPool {
    /// Connections that one shim may have open for the alias, over all of its ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<NonZeroU32>,
    /// Time to connect to a gateway.
    #[serde(
        rename = "connect_timeout_seconds",
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_seconds"
    )]
    pub connect_timeout: Option<Duration>,
    /// When a far end that says nothing is asked whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<TcpKeepalive>,
}

/// `tcpKeepalive`. What is left out is as everywhere else; Istio would leave it to the kernel, which asks
/// after two hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TcpKeepalive {
    /// Questions that may stay unanswered: 1 to 127.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<NonZeroU32>,
    /// Silence before the first: a second to nine hours.
    #[serde(
        rename = "time_seconds",
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_seconds"
    )]
    pub time: Option<Duration>,
    /// Time between two: a second to nine hours.
    #[serde(
        rename = "interval_seconds",
        skip_serializing_if = "Option::is_none",
        serialize_with = "some_seconds"
    )]
    pub interval: Option<Duration>,
}

fn some_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds(&time.unwrap_or_default(), serializer)
}
