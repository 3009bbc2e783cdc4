//! What the tasks of a load share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

use super::{Meter, Pace, Window};

/// Where nothing has come through after that, nothing will.
const LATE: Duration = Duration::from_secs(10);
/// How often it is looked whether enough has come.
const LOOK: Duration = Duration::from_millis(10);

/// The count, the times, and the first thing that went wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    count: Rc<Cell<u64>>,
    times: Rc<RefCell<Vec<u64>>>,
    failed: Rc<RefCell<Option<anyhow::Error>>>,
}

impl Tally {
    pub(super) fn add(&self, n: u64) {
        self.count.set(self.count.get() + n);
    }

    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    /// Keeps how long a single event took.
    pub(super) fn took(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.times.borrow_mut().push(nanos);
    }

    /// The times of the window.
    pub(super) fn times(&self) -> Vec<u64> {
        self.times.take()
    }

    /// Starts a task; should it end with an error, the figure is none.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = anyhow::Result<()>> + 'static,
    ) -> JoinHandle<()> {
        let failed = Rc::clone(&self.failed);
        spawn_local(async move {
            if let Err(error) = task.await {
                failed.borrow_mut().get_or_insert(error);
            }
        })
    }

    fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }

    /// Waits until so many have come, or something went wrong.
    pub(super) async fn reaches(&self, count: u64) {
        while self.count() < count && !self.has_failed() {
            sleep(LOOK).await;
        }
    }

    /// Lets the load warm up, and takes the figure: over `pace`, or until `most` has come.
    ///
    /// # Errors
    /// When a task has failed, or nothing came through.
    pub(super) async fn window(
        &self,
        meter: &Meter,
        pace: Pace,
        most: u64,
    ) -> anyhow::Result<Window> {
        sleep(pace.warm_up).await;
        self.times.borrow_mut().clear();
        let (first, before) = (self.count(), meter.read()?);
        let begun = Instant::now();
        loop {
            let (left, come) = (
                pace.length.saturating_sub(begun.elapsed()),
                self.count() - first,
            );
            // A machine that others keep busy may not have come to it yet.
            let over = left.is_zero() && (come > 0 || begun.elapsed() > LATE);
            if over || come >= most || self.has_failed() {
                break;
            }
            sleep(if left.is_zero() { LOOK } else { left.min(LOOK) }).await;
        }
        let count = self.count() - first;
        let window = meter.since(&before, count).context("a program ended")?;
        if let Some(error) = self.failed.borrow_mut().take() {
            return Err(error);
        }
        ensure!(count > 0, "nothing came through in {:?}", window.wall);
        Ok(window)
    }
}
