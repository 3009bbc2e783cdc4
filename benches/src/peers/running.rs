//! The programs of one subject, started and seen to work.

use std::fs;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use eastwest::clusters::Program;
use eastwest_benches::process::{CpuClock, Memory};

use crate::bench::Bench;
use crate::config::{self, Part};
use crate::hello::Hello;
use crate::job::Job;
use crate::load::names::NameServer;
use crate::load::question::is_answered;
use crate::load::{Path, probe};
use crate::meter::Meter;
use crate::place::Place;
use crate::row::Share;
use crate::subject::{Family, Subject};

/// A program with thousands of routes needs long; one that needs longer is given up.
const READY: Duration = Duration::from_secs(60);
/// Between two looks whether it works; short, as the time is a figure of its own.
const LOOK: Duration = Duration::from_millis(1);

/// The programs of one subject. They end when this is dropped.
pub(crate) struct Running {
    sides: Vec<(Share, Program)>,
    place: Place,
    path: Path,
    /// From the start of the first program to the first byte carried.
    pub(crate) start: Duration,
    #[expect(dead_code, reason = "held, not used")]
    names: Option<NameServer>,
}

impl Running {
    /// Starts a subject at a job; a gateway has so many routes, and the last one is used.
    ///
    /// # Errors
    /// When a program does not start, or does not do the job.
    pub(crate) fn start(
        bench: &Bench,
        job: Job,
        subject: &Subject,
        routes: usize,
    ) -> anyhow::Result<Self> {
        let place = bench.place(job)?;
        let names = match subject.kind.family() {
            Family::Ours => Some(NameServer::start(place.names, place.backend.ip())?),
            _ => None,
        };
        let parts = match job {
            Job::Gateway => config::gateway(bench, subject, &place, routes)?,
            Job::Tunnel => config::tunnel(bench, subject, &place)?,
            Job::Resolver => config::resolver(bench, subject, &place)?,
        };
        let direct = parts.is_empty();
        let hello = match job {
            Job::Gateway => Some(Hello::to(routes.saturating_sub(1), &bench.tls)?),
            Job::Tunnel | Job::Resolver => None,
        };
        let path = Path {
            entry: if direct { place.backend } else { place.entry },
            backend: place.backend,
            hello,
        };
        let begun = Instant::now();
        let mut running = Self {
            sides: launch(bench, parts, &place)?,
            place,
            path,
            start: Duration::ZERO,
            names,
        };
        running.await_work(job, begun)?;
        running.start = begun.elapsed();
        Ok(running)
    }

    fn await_work(&mut self, job: Job, begun: Instant) -> anyhow::Result<()> {
        loop {
            let works = match job {
                Job::Resolver => is_answered(self.place.entry, &config::alias(0)),
                Job::Gateway | Job::Tunnel => probe::carries(&self.path)?,
            };
            // What has answered may be another program, at an address that this one did not get.
            for (_, program) in &mut self.sides {
                program.await_ready(Duration::ZERO, |_| true)?;
            }
            if works {
                return Ok(());
            }
            ensure!(begun.elapsed() < READY, "carries nothing after {READY:?}");
            sleep(LOOK);
        }
    }

    /// Through it.
    pub(crate) const fn path(&self) -> &Path {
        &self.path
    }

    /// Where a resolver answers.
    pub(crate) const fn entry(&self) -> SocketAddr {
        self.place.entry
    }

    /// The clocks of its programs.
    ///
    /// # Errors
    /// When one of them is no more.
    pub(crate) fn meter(&self) -> anyhow::Result<Meter> {
        let clock = |(share, program): &(Share, Program)| Ok((*share, CpuClock::of(program.id())?));
        let clocks = self.sides.iter().map(clock);
        let clocks = clocks.collect::<std::io::Result<_>>();
        Ok(Meter::new(clocks.context("a program ended")?))
    }

    /// The memory of each of its programs.
    ///
    /// # Errors
    /// When one of them is no more.
    pub(crate) fn memory(&self) -> anyhow::Result<Vec<Memory>> {
        let sides = self.sides.iter();
        let memory = sides.map(|(_, program)| Ok(Memory::of(program.id())?));
        memory.collect()
    }

    /// How large the file of its largest program is, in bytes.
    ///
    /// # Errors
    /// When one of them is no more.
    pub(crate) fn size(&self) -> anyhow::Result<Option<u64>> {
        let sides = self.sides.iter();
        let file = |id: u32| fs::metadata(format!("/proc/{id}/exe"));
        let sizes = sides.map(|(_, program)| Ok(file(program.id())?.len()));
        let sizes: Vec<u64> = sizes.collect::<anyhow::Result<_>>()?;
        Ok(sizes.into_iter().max())
    }

    /// Whose they are, in the same order.
    pub(crate) fn shares(&self) -> Vec<Share> {
        self.sides.iter().map(|(share, _)| *share).collect()
    }
}

fn launch(bench: &Bench, parts: Vec<Part>, place: &Place) -> anyhow::Result<Vec<(Share, Program)>> {
    let start = |part: Part| {
        let name = match part.share {
            Share::Whole => "program",
            Share::ClientEnd => "client-end",
            Share::ServerEnd => "server-end",
        };
        let program = Program::start(name, part.command, &place.dir)?;
        if let Some(quota) = &bench.quota {
            quota.hold(program.id())?;
        }
        Ok((part.share, program))
    };
    parts.into_iter().map(start).collect()
}
