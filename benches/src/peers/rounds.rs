//! The rounds: every subject in turn, again and again, so that what changes over time meets all.

use std::io::Write;

use anyhow::Context;

use crate::bench::Bench;
use crate::job::{Job, Taken, measure};
use crate::meter::Window;
use crate::results::Results;
use crate::row::Row;
use crate::running::Running;
use crate::subject::{self, Family, Subject};

/// How often a figure is taken that others have disturbed.
const TRIES: usize = 6;

/// The subjects of a job that are wanted and can be run.
pub(crate) fn subjects(bench: &Bench, job: Job) -> Vec<Subject> {
    let wanted = |subject: &Subject| bench.args.wants(&subject.name);
    let runs = |subject: &Subject| match subject.kind.family() {
        Family::Peer(tool) => bench.tools.has(tool),
        Family::Direct | Family::Ours => true,
    };
    let all = subject::all(job, &bench.args).into_iter();
    all.filter(wanted).filter(runs).collect()
}

/// Measures a job, and keeps what comes of it. What fails is kept too, and the rest goes on.
pub(crate) fn measure_job(bench: &Bench, job: Job, results: &mut Results) {
    let rows = bench.args.rows(job);
    if rows.is_empty() {
        return;
    }
    let subjects = subjects(bench, job);
    let mut running: Vec<_> = subjects
        .iter()
        .map(|subject| start(bench, job, None, subject, results))
        .collect();
    for round in 0..usize::from(bench.args.rounds) {
        for row in &rows {
            // Nobody comes first, or after the same one, every time.
            for turn in 0..subjects.len() {
                let at = (turn + round) % subjects.len();
                say(&format!(
                    "{} {} round {}: {}",
                    job.name(),
                    row.name(),
                    round + 1,
                    subjects[at].name
                ));
                let taken = take(
                    bench,
                    job,
                    *row,
                    &subjects[at],
                    running[at].as_ref(),
                    results,
                );
                match taken {
                    Ok(Some(taken)) => {
                        results.keep(job, *row, &subjects[at].name, round + 1, taken)
                    }
                    Ok(None) => {}
                    Err(error) => {
                        results.fail(job, Some(*row), &subjects[at], &error);
                        // Another try is due to everybody, as one that starts anew.
                        running[at] = None;
                        running[at] = start(bench, job, Some(*row), &subjects[at], results);
                    }
                }
            }
        }
    }
}

fn take(
    bench: &Bench,
    job: Job,
    row: Row,
    subject: &Subject,
    running: Option<&Running>,
    results: &mut Results,
) -> anyhow::Result<Option<Taken>> {
    let Some(running) = running else {
        return Ok(None);
    };
    if row != Row::Idle {
        return quiet(bench, results, || measure(bench, row, running)).map(Some);
    }
    // Memory that was needed once is not given back: only a program that has just been started shows
    // what connections take.
    let fresh = Running::start(bench, job, subject, 1).context("starting anew")?;
    measure(bench, row, &fresh).map(Some)
}

/// Takes a figure, and takes it again where others had too much of the machine meanwhile. What it is
/// itself plays no part.
fn quiet(
    bench: &Bench,
    results: &mut Results,
    take: impl Fn() -> anyhow::Result<Taken>,
) -> anyhow::Result<Taken> {
    let mut taken = take()?;
    let Some(most) = bench.args.quiet else {
        return Ok(taken);
    };
    for _ in 1..TRIES {
        let others = taken.window.as_ref().map_or(0.0, Window::others_share);
        if others * 100.0 <= f64::from(most) {
            break;
        }
        results.retaken += 1;
        taken = take()?;
    }
    Ok(taken)
}

fn start(
    bench: &Bench,
    job: Job,
    row: Option<Row>,
    subject: &Subject,
    results: &mut Results,
) -> Option<Running> {
    let started = Running::start(bench, job, subject, 1);
    started
        .map_err(|error| results.fail(job, row, subject, &error))
        .ok()
}

/// What is going on, for whoever waits.
pub(crate) fn say(line: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "peers: {line}");
}
