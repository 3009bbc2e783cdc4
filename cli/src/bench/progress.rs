//! What is being measured, and how long it will still take: on a terminal only.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// One line that is written over.
#[derive(Debug)]
pub(super) struct Progress {
    begun: Instant,
    all: usize,
    done: usize,
    shown: bool,
}

impl Progress {
    /// Of so many steps.
    pub(super) fn of(all: usize) -> Self {
        Self {
            begun: Instant::now(),
            all,
            done: 0,
            shown: io::stderr().is_terminal(),
        }
    }

    /// The next step begins.
    pub(super) fn step(&mut self, what: &str) {
        if self.shown {
            let left = left(self.begun.elapsed(), self.done, self.all);
            let left = left.map_or_else(String::new, |it| format!(", {} s left", it.as_secs()));
            let (done, all) = (self.done + 1, self.all);
            let _ = write!(io::stderr(), "\r\x1b[K{done} of {all}: {what}{left}");
            let _ = io::stderr().flush();
        }
        self.done += 1;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// As long for each as for those that are done.
fn left(taken: Duration, done: usize, all: usize) -> Option<Duration> {
    let each = taken.checked_div(u32::try_from(done).ok()?)?;
    each.checked_mul(u32::try_from(all.saturating_sub(done)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_what_is_done() {
        let taken = Duration::from_secs(10);
        assert_eq!(left(taken, 0, 60), None);
        assert_eq!(left(taken, 10, 60), Some(Duration::from_secs(50)));
        assert_eq!(left(taken, 60, 60), Some(Duration::ZERO));
    }
}
