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
        let now = self.read()?;
        let pairs = now.programs.iter().zip(&before.programs);
        let programs: Vec<_> = pairs
            .map(|((name, now), (_, before))| (*name, now.saturating_sub(*before)))
            .collect();
        let load = now.load.saturating_sub(before.load);
        let accounted = load + programs.iter().map(|(_, used)| *used).sum::<Duration>();
        let machine = now.machine.used.saturating_sub(before.machine.used);
        Ok(Window {
            wall: now.at - before.at,
            programs,
            load,
            others: machine.saturating_sub(accounted),
            stolen: now.machine.stolen.saturating_sub(before.machine.stolen),
            count,
        })
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

    #[test]
    fn work_of_this_process_is_the_loads_and_not_that_of_others() {
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
