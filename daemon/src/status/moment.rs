//! Times as programs read them.

use std::fmt;
use std::num::NonZero;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use tokio::time::Instant;

/// Always three digits of a second: of two such texts the one that sorts first is the earlier.
const MILLISECONDS: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second {
        decimal_digits: NonZero::new(3),
    })
    .encode();

/// A time that is written as RFC 3339 has it, in UTC, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub SystemTime);

impl Moment {
    /// This one.
    pub fn now() -> Self {
        Self(SystemTime::now())
    }

    /// Seconds from `then` to this moment, negative where it comes before.
    pub(super) fn seconds_since(self, then: SystemTime) -> f64 {
        match self.0.duration_since(then) {
            Ok(after) => after.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = OffsetDateTime::from(self.0);
        let whole = time
            .replace_nanosecond(time.millisecond() as u32 * 1_000_000)
            .map_err(|_| fmt::Error)?;
        let text = whole.format(&Iso8601::<MILLISECONDS>);
        f.write_str(&text.map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// One instant by both clocks: the one that only goes on, by which ages are, and the one that people know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    now: Instant,
    clock: SystemTime,
}

impl Clocks {
    /// This one.
    pub(super) fn now() -> Self {
        Self {
            now: Instant::now(),
            clock: SystemTime::now(),
        }
    }

    /// How long ago that was.
    pub(super) fn since(&self, at: Instant) -> Duration {
        self.now.saturating_duration_since(at)
    }

    /// When that was, as people say it.
    pub(super) fn moment(&self, at: Instant) -> Moment {
        Moment(self.clock.checked_sub(self.since(at)).unwrap_or(self.clock))
    }

    /// When it is.
    pub(super) fn this(&self) -> Moment {
        Moment(self.clock)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        let written = |millis| {
            let moment = Moment(UNIX_EPOCH + Duration::from_millis(millis));
            serde_json::to_string(&moment).unwrap()
        };
        assert_eq!(written(1_795_694_400_000), "\"2026-11-26T12:00:00.000Z\"");
        assert_eq!(written(1_795_694_400_250), "\"2026-11-26T12:00:00.250Z\"");
    }

    #[test]
    fn moments_sort_as_their_texts_do() {
        let written = |micros| {
            let moment = Moment(UNIX_EPOCH + Duration::from_micros(micros));
            serde_json::to_string(&moment).unwrap()
        };
        // Each millisecond of two seconds, the last microsecond of it.
        let texts: Vec<String> = (0..2_000).map(|at| written(at * 1_000 + 999)).collect();
        assert!(texts.is_sorted());
        assert_eq!(texts[1_999], "\"1970-01-01T00:00:01.999Z\"");
    }
}
