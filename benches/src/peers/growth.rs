//! The same figures over numbers of connections and of routes: what each costs must not grow.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::args::Growth;
use crate::bench::Bench;
use crate::job::{Job, of_bulk, of_events, of_requests};
use crate::load::bulk::{Direction, bulk};
use crate::load::connect::connect;
use crate::load::crowd::crowd;
use crate::load::idle::Held;
use crate::results::{Failure, Results};
use crate::rounds::{say, subjects};
use crate::row::Metric;
use crate::running::Running;
use crate::subject::{HaProxy, Kind, Subject};

/// How many connections.
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1000, 10_000];
/// How many routes.
const ROUTES: [usize; 6] = [1, 10, 100, 1000, 10_000, 100_000];
/// More streams at a time would measure how socket buffers fill the machine's memory.
const MOST_STREAMS: usize = 1000;
/// Programs and the load need some descriptors for other things: pipes, files, listeners.
const OTHER_DESCRIPTORS: u64 = 1400;
/// A program that would be larger at the next number is not tried there.
const MOST_MEMORY: f64 = 4e9;
/// Nor one that would take longer to start.
const LONGEST_START: Duration = Duration::from_secs(60);

/// A figure that is taken over a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Figure {
    /// Memory for each idle connection, in bytes.
    IdleBytes,
    /// CPU microseconds of a new connection beside so many.
    Connect,
    /// CPU microseconds of a request, on so many connections at a time.
    Request,
    /// CPU-seconds for 10^9 bytes, in so many streams.
    Bulk,
    /// CPU microseconds of a new connection with so many routes.
    ConnectRouted,
    /// Milliseconds from start to the first byte carried.
    Start,
    /// Memory of the program alone, in bytes.
    Resident,
}

/// One curve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct CurveKey {
    pub(crate) job: Job,
    pub(crate) figure: Figure,
    pub(crate) subject: String,
}

/// Figures of each round, by number.
pub(crate) type Curve = BTreeMap<usize, Vec<f64>>;

/// All curves of a run.
pub(crate) type Curves = BTreeMap<CurveKey, Curve>;

impl Figure {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::IdleBytes => "idle-bytes",
            Self::Connect => "connect",
            Self::Request => "request",
            Self::Bulk => "bulk",
            Self::ConnectRouted => "connect-routed",
            Self::Start => "start",
            Self::Resident => "resident",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::IdleBytes => "bytes for each idle connection",
            Self::Connect => "CPU us of a new connection beside others",
            Self::Request => "CPU us of a request, all connections active",
            Self::Bulk => "CPU-s/GB, server to client",
            Self::ConnectRouted => "CPU us of a new connection",
            Self::Start => "ms from start to the first byte carried",
            Self::Resident => "bytes of memory before any connection",
        }
    }

    /// What the number is of.
    pub(crate) const fn over(self) -> &'static str {
        match self {
            Self::IdleBytes | Self::Connect | Self::Request => "connections",
            Self::Bulk => "streams",
            Self::ConnectRouted | Self::Start | Self::Resident => "routes",
        }
    }
}

/// Takes all curves that are wanted.
pub(crate) fn measure(bench: &Bench, results: &mut Results) {
    for growth in &bench.args.growth {
        for job in bench.args.jobs() {
            match (growth, job) {
                (Growth::Connections, Job::Gateway | Job::Tunnel) => {
                    connections(bench, job, results)
                }
                (Growth::Routes, Job::Gateway) => routes(bench, results),
                _ => {}
            }
        }
    }
}

/// The best of each family: curves of all would hide each other.
fn best(bench: &Bench, job: Job) -> Vec<Subject> {
    let hidden = [
        Kind::Direct,
        Kind::HaProxy(HaProxy::Splice),
        Kind::HaProxy(HaProxy::SplicePipes),
        Kind::Nginx { buffer: 16 },
    ];
    let slower = Kind::HaProxy(match job {
        Job::Gateway => HaProxy::Buffers,
        Job::Tunnel | Job::Resolver => HaProxy::Defaults,
    });
    let mut subjects = subjects(bench, job);
    subjects.retain(|it| !hidden.contains(&it.kind) && it.kind != slower);
    subjects
}

fn connections(bench: &Bench, job: Job, results: &mut Results) {
    let most = bench.ground.descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut sizes = CONNECTIONS.map(|size| size.min(most)).to_vec();
    sizes.dedup();
    for round in 0..bench.args.growth_rounds {
        for size in &sizes {
            for subject in best(bench, job) {
                let name = &subject.name;
                say(&format!(
                    "{} growth round {}: {size} connections, {name}",
                    job.name(),
                    round + 1
                ));
                if let Err(error) = crowded(bench, job, &subject, *size, results) {
                    fail(
                        results,
                        job,
                        &subject,
                        &error.context(format!("{size} connections")),
                    );
                }
            }
        }
    }
}

fn crowded(
    bench: &Bench,
    job: Job,
    subject: &Subject,
    size: usize,
    results: &mut Results,
) -> anyhow::Result<()> {
    let running = Running::start(bench, job, subject, 1)?;
    let (meter, pace) = (running.meter()?, bench.pace());
    let seen = crowd(running.path(), size, &meter, &pace, || running.memory())?;
    let mut keep = |figure, value| results.grow(job, figure, &subject.name, size, value);
    keep(Figure::IdleBytes, seen.held.iter().map(Held::each).sum());
    let whole = |taken: crate::job::Taken| taken.whole(Metric::CpuPerEvent);
    keep(
        Figure::Connect,
        whole(of_events(seen.connect, None)).context("no CPU")?,
    );
    keep(
        Figure::Request,
        whole(of_requests(seen.requests)).context("no CPU")?,
    );
    if size <= MOST_STREAMS {
        let window = bulk(running.path(), Direction::Down, size, &meter, &pace)?;
        let cpu = of_bulk(window).whole(Metric::CpuPerGigabyte);
        keep(Figure::Bulk, cpu.context("no CPU")?);
    }
    Ok(())
}

fn routes(bench: &Bench, results: &mut Results) {
    let job = Job::Gateway;
    let mut given_up = BTreeMap::new();
    for round in 0..bench.args.growth_rounds {
        for size in ROUTES {
            for subject in best(bench, job) {
                let name = subject.name.clone();
                if given_up.get(&name).is_some_and(|at| size >= *at) {
                    continue;
                }
                say(&format!(
                    "gateway growth round {}: {size} routes, {name}",
                    round + 1
                ));
                match routed(bench, &subject, size, results) {
                    Ok(goes_on) if goes_on => {}
                    Ok(_) => {
                        given_up.insert(name, size + 1);
                    }
                    Err(error) => {
                        fail(
                            results,
                            job,
                            &subject,
                            &error.context(format!("{size} routes")),
                        );
                        given_up.insert(name, size);
                    }
                }
            }
        }
    }
}

/// Whether ten times as many routes are to be tried.
fn routed(
    bench: &Bench,
    subject: &Subject,
    size: usize,
    results: &mut Results,
) -> anyhow::Result<bool> {
    let job = Job::Gateway;
    let running = Running::start(bench, job, subject, size)?;
    let resident: f64 = running.memory()?.iter().map(|it| it.resident as f64).sum();
    let window = connect(running.path(), &running.meter()?, &bench.pace())?;
    let cpu = of_events(window, None).whole(Metric::CpuPerEvent);
    let mut keep = |figure, value| results.grow(job, figure, &subject.name, size, value);
    keep(Figure::Start, running.start.as_secs_f64() * 1e3);
    keep(Figure::Resident, resident);
    keep(Figure::ConnectRouted, cpu.context("no CPU")?);
    Ok(resident * 10.0 < MOST_MEMORY && running.start * 10 < LONGEST_START)
}

fn fail(results: &mut Results, job: Job, subject: &Subject, error: &anyhow::Error) {
    let why = format!("{error:#}");
    say(&format!("{} {}: {why}", job.name(), subject.name));
    results.failures.push(Failure {
        job,
        row: None,
        subject: subject.name.clone(),
        why,
    });
}
