//! Bandwidths as people write them: `1Gbit`, `250Mbit/s`, `100MB/s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The units of a rate, in bits a second. Networks are sold by powers of ten.
const UNITS: [(&str, u64); 6] = [
    ("kbit", 1_000),
    ("Mbit", 1_000_000),
    ("Gbit", 1_000_000_000),
    ("kB/s", 8_000),
    ("MB/s", 8_000_000),
    ("GB/s", 8_000_000_000),
];
/// Less than a packet every few milliseconds can't be told from a link that is down.
const LEAST: u64 = 64_000;
/// More than a process that copies moves.
const MOST: u64 = 100_000_000_000;

/// A bandwidth, in bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(u64);

/// Why a text is no rate; says how to write one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RateError {
    #[error("`{0}` has no unit: write {0}Mbit for megabits a second, or {0}MB/s for megabytes")]
    NoUnit(String),
    #[error(
        "`{0}` is not a unit of bandwidth: use kbit, Mbit, Gbit, kB/s, MB/s or GB/s, as in 1Gbit"
    )]
    UnknownUnit(String),
    #[error("expected a number and a unit, as in 1Gbit, 2.5Gbit or 100MB/s")]
    NotANumber,
    #[error("{0} is not between 64kbit and 100Gbit")]
    OutOfRange(String),
}

impl Rate {
    /// How long so many bytes take.
    pub(super) fn time_of(self, bytes: usize) -> Duration {
        let nanos = bytes as u128 * 8 * 1_000_000_000 / u128::from(self.0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many bytes pass in a time.
    pub(super) fn bytes_in(self, time: Duration) -> usize {
        let bytes = u128::from(self.0) * time.as_nanos() / 8 / 1_000_000_000;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        // Neither 1. nor .5 nor 1.2.3.
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        let well_formed = match number.split_once('.') {
            Some((whole, part)) => digits(whole) && digits(part),
            None => digits(number),
        };
        if !well_formed {
            return Err(RateError::NotANumber);
        }
        let unit = match unit.strip_suffix("bit/s") {
            Some(prefix) => format!("{prefix}bit"),
            None => unit.to_owned(),
        };
        if unit.is_empty() {
            return Err(RateError::NoUnit(number.to_owned()));
        }
        let Some((_, bits)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(RateError::UnknownUnit(unit));
        };
        let number: f64 = number.parse().map_err(|_| RateError::NotANumber)?;
        let rate = number * *bits as f64;
        if !(LEAST as f64..=MOST as f64).contains(&rate) {
            return Err(RateError::OutOfRange(text.to_owned()));
        }
        Ok(Self(rate.round() as u64))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = UNITS.iter().take(3).rev();
        let (name, unit) = bits
            .copied()
            .find(|(_, unit)| self.0 >= *unit)
            .unwrap_or(("kbit", 1_000));
        write!(f, "{}{name}", self.0 as f64 / unit as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes_are_told_apart() {
        for (text, bits, shown) in [
            ("1Gbit", 1_000_000_000, "1Gbit"),
            ("2.5Gbit/s", 2_500_000_000, "2.5Gbit"),
            ("100MB/s", 800_000_000, "800Mbit"),
            ("64kbit", 64_000, "64kbit"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate, Rate(bits));
            assert_eq!(rate.to_string(), shown);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_how_to_write_it() {
        let error = |text: &str| text.parse::<Rate>().unwrap_err();
        assert_eq!(error("100"), RateError::NoUnit("100".to_owned()));
        for unit in [
            "gbit", "GBit", "mbit", "M", "MB", "Gb/s", "MB/s/s", " Gbit", "Gbit ",
        ] {
            let text = format!("1{unit}");
            assert_eq!(error(&text), RateError::UnknownUnit(unit.to_owned()));
        }
        for text in [
            "",
            "Gbit",
            "1.Gbit",
            ".5Gbit",
            "1.2.3Gbit",
            "-1Gbit",
            "1e3Gbit",
        ] {
            let error = error(text);
            assert!(
                matches!(error, RateError::NotANumber | RateError::UnknownUnit(_)),
                "{text}: {error}"
            );
        }
        for text in ["0Gbit", "1kbit", "101Gbit", "99999999999999999999999Gbit"] {
            assert_eq!(error(text), RateError::OutOfRange(text.to_owned()));
        }
    }

    #[test]
    fn a_gigabit_is_125_bytes_a_microsecond() {
        let rate: Rate = "1Gbit".parse().unwrap();
        assert_eq!(rate.time_of(125_000), Duration::from_millis(1));
        assert_eq!(rate.bytes_in(Duration::from_millis(40)), 5_000_000);
    }
}
