//! When a certificate is valid, and how to say when it is not.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;

/// The validity of a certificate; both ends belong to it (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First moment at which the certificate is valid.
    pub not_before: SystemTime,
    /// Last moment at which the certificate is valid.
    pub not_after: SystemTime,
}

impl Validity {
    /// From seconds since 1970, as certificates have them; years before 1970 are possible.
    pub(super) fn from_unix(not_before: i64, not_after: i64) -> Self {
        Self {
            not_before: from_unix(not_before),
            not_after: from_unix(not_after),
        }
    }

    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self::from_unix(
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        )
    }

    /// When both are valid; empty where they do not overlap.
    pub(super) fn intersection(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }

    /// Whether `now` lies inside.
    ///
    /// # Errors
    /// If it does not, with both times.
    pub fn check(&self, now: SystemTime) -> Result<(), ValidityError> {
        if now < self.not_before {
            return Err(ValidityError::NotYet {
                not_before: self.not_before,
                now,
            });
        }
        if now > self.not_after {
            return Err(ValidityError::Expired {
                not_after: self.not_after,
                now,
            });
        }
        Ok(())
    }
}

/// A certificate used outside its validity. The message goes on after "the certificate".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ValidityError {
    /// Used too early: a clock is wrong on this machine or on the issuer's.
    #[error(
        "is not valid before {}, and now it is {}; compare this machine's clock with the issuer's",
        Utc(*.not_before), Utc(*.now)
    )]
    NotYet {
        /// First valid moment.
        not_before: SystemTime,
        /// The time of the check.
        now: SystemTime,
    },
    /// Used too late: it was not renewed, or the renewed one did not arrive.
    #[error("expired at {}, and now it is {}", Utc(*.not_after), Utc(*.now))]
    Expired {
        /// Last valid moment.
        not_after: SystemTime,
        /// The time of the check.
        now: SystemTime,
    },
}

/// Prints a time as RFC 3339 in UTC, to the second: `2026-11-23T09:11:00Z`.
pub struct Utc(pub SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = to_unix(self.0);
        let text = OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .and_then(|time| time.format(&Rfc3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{seconds} s after 1970"),
        }
    }
}

/// Seconds since 1970, negative before; what does not fit is cut off.
pub(super) fn to_unix(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
    }
}

/// As rustls counts time, which knows none before 1970.
pub(super) fn to_unix_time(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The reverse of [`to_unix_time`].
pub(super) fn from_unix_time(time: UnixTime) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(time.as_secs()))
        .unwrap_or(UNIX_EPOCH)
}

fn from_unix(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_the_validity() {
        let validity = Validity::from_unix(1000, 2000);
        assert_eq!(validity.check(from_unix(1000)), Ok(()));
        assert_eq!(validity.check(from_unix(2000)), Ok(()));
        assert!(matches!(
            validity.check(from_unix(999)),
            Err(ValidityError::NotYet { .. })
        ));
        assert!(matches!(
            validity.check(from_unix(2001)),
            Err(ValidityError::Expired { .. })
        ));
    }

    #[test]
    fn the_message_says_both_times() {
        let error = Validity::from_unix(0, 0)
            .check(from_unix(86_400))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "expired at 1970-01-01T00:00:00Z, and now it is 1970-01-02T00:00:00Z"
        );
    }

    #[test]
    fn times_before_1970_keep_their_order() {
        assert_eq!(to_unix(from_unix(-5)), -5);
        assert_eq!(Utc(from_unix(-1)).to_string(), "1969-12-31T23:59:59Z");
    }
}
