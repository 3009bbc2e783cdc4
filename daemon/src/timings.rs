//! How long it takes to open connections.

use std::time::Duration;

use metrics::{Histogram, describe_histogram, histogram};

use crate::connections::Direction;

const HANDSHAKE: &str = "eastwest_handshake_seconds";
const DIAL: &str = "eastwest_dial_seconds";

/// The two waits of a connection, for one direction. To be made once: looking a histogram up takes longer
/// than recording.
#[derive(Debug, Clone)]
pub struct Timings {
    handshake: Histogram,
    dial: Histogram,
}

impl Timings {
    /// Those of connections in this direction.
    pub fn of(direction: Direction) -> Self {
        let direction = direction.as_str();
        Self {
            handshake: histogram!(HANDSHAKE, "direction" => direction),
            dial: histogram!(DIAL, "direction" => direction),
        }
    }

    /// A TLS handshake, or at a gateway the wait for a ClientHello, that came to its end.
    pub fn handshake(&self, took: Duration) {
        self.handshake.record(took);
    }

    /// A dial that succeeded, the look-up of the name included.
    pub fn dial(&self, took: Duration) {
        self.dial.record(took);
    }
}

pub(crate) fn describe() {
    describe_histogram!(
        HANDSHAKE,
        "Time of TLS handshakes that succeeded; at a gateway, until the ClientHello was there."
    );
    describe_histogram!(
        DIAL,
        "Time to a TCP connection, the look-up of the name included, where one came of it."
    );
}
