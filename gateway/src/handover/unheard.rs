//! Who came to a gateway and was not heard: said once, and then counted, as whoever comes so comes often.

use std::time::Duration;

use tokio::time::Instant;

use super::HandoverError;

/// Time between two lines.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Those of whom no line has told yet.
#[derive(Debug, Default)]
pub(super) struct Unheard {
    told: Option<Instant>,
    more: usize,
    last: Option<HandoverError>,
}

impl Unheard {
    /// One more, and why; what is to be said of it now.
    pub(super) fn add(&mut self, why: HandoverError) -> Option<String> {
        if self.told.is_some() {
            self.more += 1;
            self.last = Some(why);
            return None;
        }
        self.told = Some(Instant::now());
        Some(format!("no handover, this gateway goes on: {why}"))
    }

    /// What is to be said of those that have come since the last line, when that was long ago. To be asked now
    /// and then.
    pub(super) fn summary(&mut self) -> Option<String> {
        if self.told?.elapsed() < WARN_EVERY {
            return None;
        }
        // Where nobody has come, the next one is news again.
        self.told = None;
        let last = self.last.take()?;
        self.told = Some(Instant::now());
        let more = std::mem::take(&mut self.more);
        Some(format!(
            "{more} more have come to the handover socket and were not heard; of the last: {last}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handover::channel::ChannelError;

    fn gone() -> HandoverError {
        ChannelError::Gone.into()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_told_at_once_and_the_others_are_counted_once_a_minute() {
        let mut unheard = Unheard::default();
        assert_eq!(unheard.summary(), None);
        let said = unheard.add(gone()).unwrap();
        assert!(said.contains("the other gateway is gone"), "{said}");
        for _ in 0..449 {
            assert_eq!(unheard.add(gone()), None);
        }
        tokio::time::sleep(WARN_EVERY / 2).await;
        assert_eq!(unheard.summary(), None);
        tokio::time::sleep(WARN_EVERY).await;
        let said = unheard.summary().unwrap();
        assert!(said.starts_with("449 more have come"), "{said}");
        // They are told once, and one that comes right after that is counted.
        assert_eq!(unheard.summary(), None);
        assert_eq!(unheard.add(gone()), None);
        tokio::time::sleep(WARN_EVERY).await;
        assert!(unheard.summary().unwrap().starts_with("1 more have come"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_comes_after_a_quiet_minute_is_told_at_once() {
        let mut unheard = Unheard::default();
        assert!(unheard.add(gone()).is_some());
        tokio::time::sleep(WARN_EVERY).await;
        assert_eq!(unheard.summary(), None);
        assert!(unheard.add(gone()).is_some());
    }
}
