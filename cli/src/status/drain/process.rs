//! A process of this host, known again by the time of its start.

use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

use crate::programs::is_ours;

/// By how much the age that a server tells may differ from the kernel's: it counts from when it has begun to work, and
/// its answer takes its time.
const INACCURACY: f64 = 10.0;
/// Of what follows the name in `/proc/PID/stat` (proc_pid_stat(5)): the state, and the start in ticks.
const STATE: usize = 0;
const START: usize = 19;

/// One that was there once.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    start: u64,
}

/// What the kernel says of a process.
struct Stat {
    state: char,
    start: u64,
}

impl Process {
    /// The process of this number, if it is one of ours and as old as that: in another PID namespace the number is
    /// another's.
    pub(super) fn of_age(id: u32, seconds: f64) -> Option<Self> {
        let stat = Stat::read(id)?;
        let age = stat.age()?;
        let is_it = (age - seconds).abs() <= INACCURACY;
        (is_it && is_ours(id)).then_some(Self {
            id,
            start: stat.start,
        })
    }

    /// Whether it is there and has not ended.
    pub(super) fn goes_on(&self) -> bool {
        let ended = |state| matches!(state, 'Z' | 'X' | 'x');
        Stat::read(self.id).is_some_and(|now| now.start == self.start && !ended(now.state))
    }
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        Self::of(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// The name may have anything in it, brackets and spaces as well.
    fn of(text: &str) -> Option<Self> {
        let (_, after) = text.rsplit_once(')')?;
        let mut fields = after.split_whitespace();
        let state = fields.nth(STATE)?.chars().next()?;
        let start = fields.nth(START - STATE - 1)?.parse().ok()?;
        Some(Self { state, start })
    }

    fn age(&self) -> Option<f64> {
        let now: Duration = clock_gettime(ClockId::Boottime).try_into().ok()?;
        let start = self.start as f64 / clock_ticks_per_second() as f64;
        Some(now.as_secs_f64() - start)
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Instant;

    use super::*;
    use crate::programs::tests::called;

    #[test]
    fn a_process_is_known_by_its_age_and_seen_to_end() {
        let mut child = called("eastwest-shim");
        assert!(Process::of_age(child.id(), 3600.0).is_none());
        let process = Process::of_age(child.id(), 0.0).unwrap();
        assert!(process.goes_on());
        drop(child.stdin.take());
        // A zombie until it is waited for.
        let begun = Instant::now();
        while process.goes_on() {
            assert!(begun.elapsed() < Duration::from_secs(20));
            sleep(Duration::from_millis(10));
        }
        child.wait().unwrap();
        assert!(!process.goes_on());
    }

    #[test]
    fn a_process_of_the_same_number_and_age_that_is_none_of_ours_is_not_it() {
        let mut child = called("pause");
        assert!(Process::of_age(child.id(), 0.0).is_none());
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn another_process_of_the_same_number_is_not_it() {
        let id = std::process::id();
        let own = Stat::read(id).unwrap();
        let process = Process {
            id,
            start: own.start.wrapping_sub(1),
        };
        assert!(!process.goes_on());
    }

    #[test]
    fn a_name_with_brackets_hides_no_field() {
        let fields: Vec<_> = (4..=60).map(|field| field.to_string()).collect();
        let stat = Stat::of(&format!("7 (a) Z (b) R {}", fields.join(" "))).unwrap();
        assert_eq!((stat.state, stat.start), ('R', 22));
    }
}
