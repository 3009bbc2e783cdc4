//! When a gateway that fails is put behind the others, and for how long.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use serde::{Serialize, Serializer};

/// `trafficPolicy.outlierDetection` of a DestinationRule, as far as it means anything for bytes in a
/// tunnel: what counts is that a gateway can't be reached, or does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OutlierDetection {
    /// Failures in a row that eject a gateway; without a number none ever is.
    pub consecutive_failures: Option<NonZeroU32>,
    /// Time between two probes of one gateway.
    #[serde(rename = "interval_seconds", serialize_with = "seconds")]
    pub interval: Duration,
    /// How long a gateway is out, times the number of its ejections so far.
    #[serde(rename = "base_ejection_time_seconds", serialize_with = "seconds")]
    pub base_ejection_time: Duration,
    /// How many of a route's gateways may be out at once; one always may.
    pub max_ejection_percent: NonZeroU8,
}

impl OutlierDetection {
    /// Envoy's defaults, which hold for what a rule leaves out.
    pub(crate) const ENVOY: Self = Self {
        consecutive_failures: NonZeroU32::new(5),
        interval: Duration::from_secs(10),
        base_ejection_time: Duration::from_secs(30),
        max_ejection_percent: NonZeroU8::MIN.saturating_add(9),
    };
}

/// Seconds, also parts of them.
pub(crate) fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
