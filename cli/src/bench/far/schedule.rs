//! When events are due: evenly apart, whether or not those before have been written.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::super::event_rate::EventRate;

/// A timer of the kernel. The runtime's are of a millisecond, which is as long as events are apart.
#[derive(Debug)]
pub(super) struct Schedule {
    timer: AsyncFd<OwnedFd>,
    apart: Duration,
    /// When the next event is due.
    next: Duration,
    /// How many are due that nobody has asked for.
    overdue: u64,
}

impl Schedule {
    /// Begins now.
    ///
    /// # Errors
    /// When the kernel has no timer.
    pub(super) fn start(rate: EventRate) -> io::Result<Self> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let apart = Duration::from_secs(1) / rate.get();
        let next = now() + apart;
        let at = |time: Duration| Timespec::try_from(time).map_err(io::Error::other);
        let times = Itimerspec {
            it_interval: at(apart)?,
            it_value: at(next)?,
        };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &times)?;
        Ok(Self {
            timer: watched(timer)?,
            apart,
            next,
            overdue: 0,
        })
    }

    /// Waits for the next event, and says when it was due. What a busy machine or a full socket has held up
    /// comes at once, as a source's commits would.
    ///
    /// # Errors
    /// When the timer cannot be read.
    pub(super) async fn next(&mut self) -> io::Result<Duration> {
        while self.overdue == 0 {
            let mut ready = self.timer.readable().await?;
            let mut expired = [0; 8];
            let read = ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expired)?));
            if let Ok(read) = read {
                read?;
                self.overdue = u64::from_ne_bytes(expired);
            }
        }
        self.overdue -= 1;
        let due = self.next;
        self.next += self.apart;
        Ok(due)
    }
}

#[expect(
    deprecated,
    reason = "unsound for types that change their descriptor; what replaces it is unsafe for all"
)]
fn watched(timer: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(timer, Interest::READABLE)
}

/// The time by the clock of schedules.
pub(super) fn now() -> Duration {
    // Time since the machine was started is never negative.
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_due_evenly_apart_however_late_they_are_asked_for() {
        let begun = now();
        let mut schedule = Schedule::start(EventRate::new(1000).unwrap()).unwrap();
        let first = schedule.next().await.unwrap();
        let apart = Duration::from_millis(1);
        assert!(first >= begun + apart, "{first:?}");
        for event in 1..100 {
            if event == 20 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let due = schedule.next().await.unwrap();
            assert_eq!(due, first + event * apart);
            assert!(due <= now(), "too early");
        }
    }
}
