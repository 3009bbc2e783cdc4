//! The same figures over numbers of connections and of routes: what each costs must not grow.

mod figure;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;

use eastwest::measure::peer::haproxy::Tuning;

use crate::args::Growth;
use crate::bench::Bench;
use crate::ground::SmallBuffers;
use crate::job::{Job, Taken, of_bulk, of_events, of_requests};
use crate::load::bulk::{Direction, bulk};
use crate::load::connect::connect;
use crate::load::crowd::crowd;
use crate::load::idle::Held;
use crate::results::Results;
use crate::rounds::{say, subjects};
use crate::row::Metric;
use crate::running::Running;
use crate::subject::{Kind, Subject};
pub(crate) use figure::{Curve, CurveKey, Curves, Figure};

/// How many connections.
const CONNECTIONS: [usize; 5] = [1, 10, 100, 1000, 10_000];
/// Memory comes in pages of 4 KiB: what fewer connections take is in pages that are there already.
const FEWEST_IDLE: usize = 100;
/// How many routes.
const ROUTES: [usize; 6] = [1, 10, 100, 1000, 10_000, 100_000];
/// More streams at a time would measure how socket buffers fill the machine's memory.
const MOST_STREAMS: usize = 1000;
/// A stream takes so much longer than a request until it flows as fast as it will.
const FILLING: usize = 10;
/// Programs and the load need some descriptors for other things: pipes, files, listeners. Our gateway
/// keeps an eighth of all for connections that are on their way in.
const OTHER_DESCRIPTORS: u64 = 3400;
/// A program that would be larger at the next number is not tried there.
const MOST_MEMORY: f64 = 4e9;
/// Nor one that would take longer to start.
const LONGEST_START: Duration = Duration::from_secs(60);

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
        Kind::HaProxy(Tuning::Splice),
        Kind::HaProxy(Tuning::SplicePipes),
        Kind::Nginx { buffer: 16 },
    ];
    let slower = Kind::HaProxy(match job {
        Job::Gateway => Tuning::Buffers,
        Job::Tunnel | Job::Resolver => Tuning::Defaults,
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
                    results.fail(
                        job,
                        None,
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
    let (meter, pace) = (running.meter()?, bench.pace().for_many(size));
    let seen = crowd(running.path(), size, &meter, &pace, || running.memory())?;
    let mut point = Point {
        results,
        job,
        subject,
        at: size,
    };
    if size >= FEWEST_IDLE {
        point.keep(Figure::IdleBytes, seen.held.iter().map(Held::each).sum());
    }
    let taken = of_events(seen.connect, None);
    point.take(Figure::Connect, Metric::CpuPerEvent, taken)?;
    let taken = of_requests(seen.requests);
    point.take(Figure::Request, Metric::CpuPerEvent, taken)?;
    if size <= MOST_STREAMS {
        let _small = SmallBuffers::set().context("bounding socket buffers")?;
        let pace = bench.pace().for_many(FILLING * size);
        let window = bulk(running.path(), Direction::Down, size, &meter, &pace)?;
        point.take(Figure::Bulk, Metric::CpuPerGigabyte, of_bulk(window))?;
    }
    Ok(())
}

/// A number at which figures of one subject are taken.
struct Point<'a> {
    results: &'a mut Results,
    job: Job,
    subject: &'a Subject,
    at: usize,
}

impl Point<'_> {
    fn keep(&mut self, figure: Figure, value: f64) {
        let (job, subject) = (self.job, &self.subject.name);
        self.results.grow(job, figure, subject, self.at, value);
    }

    fn take(&mut self, figure: Figure, metric: Metric, taken: Taken) -> anyhow::Result<()> {
        let value = taken.whole(metric).context("no program in between")?;
        self.results.beside(taken.window.as_ref());
        self.keep(figure, value);
        Ok(())
    }
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
                        results.fail(
                            job,
                            None,
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
    let mut point = Point {
        results,
        job,
        subject,
        at: size,
    };
    point.keep(Figure::Start, running.start.as_secs_f64() * 1e3);
    point.keep(Figure::Resident, resident / f64::from(1 << 20));
    let taken = of_events(window, None);
    point.take(Figure::ConnectRouted, Metric::CpuPerEvent, taken)?;
    Ok(resident * 10.0 < MOST_MEMORY && running.start * 10 < LONGEST_START)
}
