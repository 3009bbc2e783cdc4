//! Reading the clocks around a stretch of load.

use std::io;
use std::time::{Duration, Instant};

use super::machine::Busy;
use super::process::CpuClock;

/// The clocks of some programs, each under its name `K`.
#[derive(Debug, Clone)]
pub struct Meter<K> {
    clocks: Vec<(K, CpuClock)>,
}

/// What all clocks said at one moment.
#[derive(Debug)]
pub struct Sample<K> {
    at: Instant,
    programs: Vec<(K, Duration)>,
    load: Duration,
    machine: Busy,
}

/// A stretch of load, and what it has cost.
#[derive(Debug, Clone)]
pub struct Window<K> {
    /// How long it was.
    pub wall: Duration,
    /// CPU time of each program.
    pub programs: Vec<(K, Duration)>,
    /// CPU time of this process, which makes the load.
    pub load: Duration,
    /// CPU time of everything else on the machine.
    pub others: Duration,
    /// What the hypervisor gave to others.
    pub stolen: Duration,
    /// How many bytes, connections, requests or questions it was.
    pub count: u64,
}

impl<K: Copy> Meter<K> {
    /// Of these clocks.
    #[must_use]
    pub const fn new(clocks: Vec<(K, CpuClock)>) -> Self {
        Self { clocks }
    }

    /// What all clocks say now.
    ///
    /// # Errors
    /// When a program is no more.
    pub fn read(&self) -> io::Result<Sample<K>> {
        let programs = self.clocks.iter();
        let programs = programs.map(|(name, clock)| Ok((*name, clock.read()?)));
        Ok(Sample {
            at: Instant::now(),
            programs: programs.collect::<io::Result<_>>()?,
            load: CpuClock::own().read()?,
            machine: Busy::now()?,
        })
    }

    /// What has passed since a sample of this meter.
    ///
    /// # Errors
    /// When a program is no more.
    pub fn since(&self, before: &Sample<K>, count: u64) -> io::Result<Window<K>> {
        Ok(self.read()?.since(before, count))
    }
}

impl<K: Copy> Sample<K> {
    fn since(&self, before: &Self, count: u64) -> Window<K> {
        let pairs = self.programs.iter().zip(&before.programs);
        let programs: Vec<_> = pairs
            .map(|((name, now), (_, before))| (*name, now.saturating_sub(*before)))
            .collect();
        let load = self.load.saturating_sub(before.load);
        let accounted = load + programs.iter().map(|(_, used)| *used).sum::<Duration>();
        let machine = self.machine.used.saturating_sub(before.machine.used);
        Window {
            wall: self.at - before.at,
            programs,
            load,
            others: machine.saturating_sub(accounted),
            stolen: self.machine.stolen.saturating_sub(before.machine.stolen),
            count,
        }
    }
}

impl<K> Window<K> {
    /// How much of a CPU this process had.
    #[must_use]
    pub fn load_share(&self) -> f64 {
        self.share(self.load)
    }

    /// How much of a CPU everything else on the machine had.
    #[must_use]
    pub fn others_share(&self) -> f64 {
        self.share(self.others)
    }

    /// How much of a CPU the hypervisor gave to others.
    #[must_use]
    pub fn stolen_share(&self) -> f64 {
        self.share(self.stolen)
    }

    fn share(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// Events a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn work_of_others_is_what_neither_the_load_nor_a_program_has_done() {
        let before = Sample {
            at: Instant::now(),
            programs: vec![("gateway", SECOND), ("shim", 2 * SECOND)],
            load: 5 * SECOND,
            machine: Busy {
                used: 100 * SECOND,
                stolen: SECOND,
            },
        };
        let now = Sample {
            at: before.at + 10 * SECOND,
            programs: vec![("gateway", 3 * SECOND), ("shim", 5 * SECOND)],
            load: 9 * SECOND,
            machine: Busy {
                used: 116 * SECOND,
                stolen: 3 * SECOND,
            },
        };
        let window = now.since(&before, 20);
        assert_eq!(
            window.programs,
            [("gateway", 2 * SECOND), ("shim", 3 * SECOND)]
        );
        assert_eq!((window.load, window.others), (4 * SECOND, 7 * SECOND));
        let shares = [
            window.load_share(),
            window.others_share(),
            window.stolen_share(),
        ];
        assert_eq!(shares, [0.4, 0.7, 0.2]);
        assert_eq!(window.rate(), 2.0);
        // The machine's clock has ticks of 10 ms, those of programs have not.
        let ahead = Sample {
            machine: before.machine,
            ..now
        };
        assert_eq!(ahead.since(&before, 20).others, Duration::ZERO);
    }

    #[test]
    fn work_of_this_process_is_the_loads() {
        let meter = Meter::<()>::new(Vec::new());
        let before = meter.read().unwrap();
        let mut sum = 1_u64;
        while before.at.elapsed() < Duration::from_millis(60) {
            sum = std::hint::black_box(sum.wrapping_mul(31));
        }
        let window = meter.since(&before, 1).unwrap();
        assert!(window.load > Duration::ZERO);
        assert!(window.wall >= Duration::from_millis(60));
        assert_eq!(window.count, 1);
    }
}
