//! How many events of replication come a second.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// Events a second, evenly apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EventRate(NonZeroU32);

/// Why a text is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of events a second: from 1 to {most}", most = EventRate::MOST)]
pub(super) struct EventRateError(String);

impl EventRate {
    /// More than one thread writes one by one.
    pub(super) const MOST: u32 = 100_000;

    /// `None` of zero, and of more than [`Self::MOST`].
    pub(super) fn new(a_second: u32) -> Option<Self> {
        let a_second = NonZeroU32::new(a_second)?;
        (a_second.get() <= Self::MOST).then_some(Self(a_second))
    }

    pub(super) const fn get(self) -> u32 {
        self.0.get()
    }
}

impl FromStr for EventRate {
    type Err = EventRateError;

    fn from_str(text: &str) -> Result<Self, EventRateError> {
        let number = text.parse().ok();
        number
            .and_then(Self::new)
            .ok_or_else(|| EventRateError(text.to_owned()))
    }
}

impl fmt::Display for EventRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_something_and_no_more_than_can_be_written() {
        for (text, rate) in [("1", 1), ("1000", 1000), ("100000", EventRate::MOST)] {
            assert_eq!(text.parse::<EventRate>().unwrap().get(), rate);
        }
        for text in ["0", "100001", "4294967295", "4294967296", "-1", "1k", ""] {
            let error = text.parse::<EventRate>().unwrap_err().to_string();
            assert!(error.contains("from 1 to 100000"), "{error}");
        }
    }
}
