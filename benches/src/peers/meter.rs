//! Reading the clocks around a stretch of load.

use std::io;
use std::time::{Duration, Instant};

use crate::machine::Busy;
use crate::process::CpuClock;
use crate::row::Share;

/// The clocks of the programs that do one job.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    clocks: Vec<(Share, CpuClock)>,
}

/// What all clocks said at one moment.
#[derive(Debug)]
pub(crate) struct Sample {
    at: Instant,
    programs: Vec<(Share, Duration)>,
    load: Duration,
    machine: Busy,
}

/// A stretch of load, and what it has cost.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// How long it was.
    pub(crate) wall: Duration,
    /// CPU time of each program.
    pub(crate) programs: Vec<(Share, Duration)>,
    /// CPU time of the load generator.
    pub(crate) load: Duration,
    /// CPU time of everything else on the machine.
    pub(crate) others: Duration,
    /// What the hypervisor gave to others.
    pub(crate) stolen: Duration,
    /// How many bytes, connections, requests or questions it was.
    pub(crate) count: u64,
}

impl Meter {
    pub(crate) fn new(clocks: Vec<(Share, CpuClock)>) -> Self {
        Self { clocks }
    }

    /// # Errors
    /// When a program is no more.
    pub(crate) fn read(&self) -> io::Result<Sample> {
        let programs = self.clocks.iter();
        let programs = programs.map(|(share, clock)| Ok((*share, clock.read()?)));
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
    pub(crate) fn since(&self, before: &Sample, count: u64) -> io::Result<Window> {
        let now = self.read()?;
        let pairs = now.programs.iter().zip(&before.programs);
        let programs: Vec<_> = pairs
            .map(|((share, now), (_, before))| (*share, now.saturating_sub(*before)))
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

impl Window {
    /// CPU time of all programs, and of each where there are several. Nothing where there is none:
    /// without a program in between there is nobody whose time could be told.
    pub(crate) fn shares(&self) -> Vec<(Share, Duration)> {
        match self.programs.as_slice() {
            [] => Vec::new(),
            [(_, one)] => vec![(Share::Whole, *one)],
            several => {
                let sum = several.iter().map(|(_, used)| *used).sum();
                let mut shares = vec![(Share::Whole, sum)];
                shares.extend(several);
                shares
            }
        }
    }

    /// Two seconds in which nobody else did anything.
    #[cfg(test)]
    pub(crate) const fn of(programs: Vec<(Share, Duration)>, count: u64) -> Self {
        Self {
            wall: Duration::from_secs(2),
            programs,
            load: Duration::ZERO,
            others: Duration::ZERO,
            stolen: Duration::ZERO,
            count,
        }
    }

    /// How much of a CPU the load generator had.
    pub(crate) fn load_share(&self) -> f64 {
        self.share(self.load)
    }

    /// How much of a CPU everything else on the machine had.
    pub(crate) fn others_share(&self) -> f64 {
        self.share(self.others)
    }

    /// How much of a CPU the hypervisor gave to others.
    pub(crate) fn stolen_share(&self) -> f64 {
        self.share(self.stolen)
    }

    fn share(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// Events a second.
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ends_are_told_alone_and_together() {
        let (client, server) = (Duration::from_millis(3), Duration::from_millis(4));
        let ends = vec![(Share::ClientEnd, client), (Share::ServerEnd, server)];
        let shares = Window::of(ends, 10).shares();
        assert_eq!(
            shares,
            [
                (Share::Whole, client + server),
                (Share::ClientEnd, client),
                (Share::ServerEnd, server)
            ]
        );
    }

    #[test]
    fn one_program_is_the_whole_and_none_is_nothing() {
        let one = vec![(Share::ServerEnd, Duration::from_millis(4))];
        assert_eq!(
            Window::of(one, 10).shares(),
            [(Share::Whole, Duration::from_millis(4))]
        );
        assert!(Window::of(Vec::new(), 10).shares().is_empty());
        assert_eq!(Window::of(Vec::new(), 10).rate(), 5.0);
    }

    #[test]
    fn work_of_this_process_is_the_loads_and_not_that_of_others() {
        let meter = Meter::default();
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
