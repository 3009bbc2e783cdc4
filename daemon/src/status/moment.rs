//! Times as programs read them.

use std::num::NonZero;
use std::time::SystemTime;

use serde::{Serialize, Serializer, ser::Error};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

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

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let time = OffsetDateTime::from(self.0);
        let whole = time.replace_nanosecond(time.millisecond() as u32 * 1_000_000);
        let text = whole
            .map_err(S::Error::custom)?
            .format(&Iso8601::<MILLISECONDS>);
        to.serialize_str(&text.map_err(S::Error::custom)?)
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
