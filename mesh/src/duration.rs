//! Durations as Istio's resources have them: Go's notation, `1m30s`, `500ms`, `1.5h`.

use std::time::Duration;

/// Units by their names; a longer name stands before one that it begins with.
const UNITS: [(&str, f64); 7] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// The shortest that Istio takes.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest that Go has room for (`math.MaxInt64` nanoseconds, 292 years).
const LONGEST: Duration = Duration::from_nanos(i64::MAX.unsigned_abs());

/// `None` for what Go would not read, and for less than a millisecond.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(end);
        let number: f64 = number.parse().ok()?;
        let (name, factor) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
        seconds += number * factor;
        rest = unit.strip_prefix(name)?;
    }
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (SHORTEST..=LONGEST).contains(&duration).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read() {
        for (text, millis) in [
            ("5s", 5_000),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            (".5s", 500),
            ("+2m", 120_000),
            ("3000us", 3),
        ] {
            let wanted = Duration::from_millis(millis);
            assert_eq!(parse(text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_go_or_istio_refuses_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "1d",
            "5S",
            "0s",
            "0",
            "1us",
            "1..5s",
            "2562048h",
            "999999999999999999999h",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
