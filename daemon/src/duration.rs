//! Durations as people write them: `10s`, `500ms`, `1m30s`, `0`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// The units, largest first; the order in which [`HumanDuration`] is printed.
const UNITS: [(&str, u128); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A duration given on the command line, in milliseconds at the finest.
///
/// Written as whole numbers with a unit, largest first or not: `1m30s`. Only `0` may stand alone,
/// because `--drain-grace 10` leaves open whether seconds or milliseconds were meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(Duration);

/// Why a text is no duration; says how to write one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// A number without a unit.
    #[error("`{0}` has no unit: write {0}ms for milliseconds, {0}s for seconds or {0}d for days")]
    NoUnit(String),
    /// A unit that is none of d, h, m, s, ms.
    #[error("`{0}` is not a unit of time: use d, h, m, s or ms, as in 1m30s")]
    UnknownUnit(String),
    /// No digits where a number has to be.
    #[error("expected a whole number and a unit, as in 10s, 500ms or 1m30s, or just 0")]
    NotANumber,
    /// Longer than can be counted.
    #[error("longer than this program can count")]
    TooLong,
}

impl HumanDuration {
    /// A duration of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The duration itself.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        duration.0
    }
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let mut total: u128 = 0;
        loop {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            if number.is_empty() {
                return Err(DurationError::NotANumber);
            }
            let letters = after
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, next) = after.split_at(letters);
            let unit = unit.trim();
            if unit.is_empty() {
                return Err(DurationError::NoUnit(number.to_owned()));
            }
            let Some((_, millis)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(DurationError::UnknownUnit(unit.to_owned()));
            };
            let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
            total += u128::from(number) * millis;
            if next.is_empty() {
                break;
            }
            rest = next;
        }
        let millis = u64::try_from(total).map_err(|_| DurationError::TooLong)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_millis();
        if rest == 0 {
            return f.write_str("0");
        }
        for (unit, millis) in UNITS {
            if rest >= millis {
                write!(f, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Duration, String> {
        text.parse::<HumanDuration>()
            .map(HumanDuration::get)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1 m 30 s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_number_without_a_unit_says_which_units_there_are() {
        assert_eq!(
            parse("10"),
            Err(
                "`10` has no unit: write 10ms for milliseconds, 10s for seconds or 10d for days"
                    .to_owned()
            )
        );
    }

    #[test]
    fn an_unknown_unit_is_named() {
        let message = parse("10 parsecs").unwrap_err();
        assert!(
            message.starts_with("`parsecs` is not a unit of time"),
            "{message}"
        );
    }

    #[test]
    fn nonsense_and_overflow_are_errors() {
        for text in ["", "s", "-1s", "1.5s"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("99999999999999999999s"),
            Err(DurationError::TooLong.to_string())
        );
        assert_eq!(
            parse("18446744073709551615d"),
            Err(DurationError::TooLong.to_string())
        );
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["0", "250ms", "10s", "1m30s", "1d2h3m4s5ms"] {
            assert_eq!(text.parse::<HumanDuration>().unwrap().to_string(), text);
        }
    }
}
