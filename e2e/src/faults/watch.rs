//! Noticing the moment at which something ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that looks again and again whether something has ended.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Option<Instant>>>,
}

impl Watch {
    /// Begins to look, `every` so often.
    pub(super) fn until(every: Duration, mut over: impl FnMut() -> bool + Send + 'static) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let theirs = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !theirs.load(Ordering::Relaxed) {
                if over() {
                    return Some(Instant::now());
                }
                thread::sleep(every);
            }
            None
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }

    /// Ends the watch; when it was over, if it was.
    pub(super) fn finish(mut self) -> Option<Instant> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok().flatten()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_is_that_of_the_end() {
        let begun = Instant::now();
        let end = begun + Duration::from_millis(50);
        let watch = Watch::until(Duration::from_millis(1), move || Instant::now() >= end);
        thread::sleep(Duration::from_millis(100));
        let over = watch.finish().unwrap();
        assert!(over >= end && over < Instant::now(), "{:?}", over - begun);
    }

    #[test]
    fn what_does_not_end_has_no_moment() {
        assert_eq!(
            Watch::until(Duration::from_millis(1), || false).finish(),
            None
        );
    }
}
