//! What was found, for people and for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::look::Broken;
use super::names::Names;
use super::walk::Walked;
use super::way::{Outcome, Taken};
use crate::colours::Colours;

/// One route, and what came of walking it.
pub(super) struct Examined {
    pub(super) alias: String,
    pub(super) port: Option<u16>,
    pub(super) walked: Walked,
}

impl Examined {
    pub(super) const fn is_healthy(&self) -> bool {
        self.walked.broken.is_none()
    }

    fn title(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.alias),
            None => self.alias.clone(),
        }
    }
}

/// What is not well yet, in a few words.
pub(super) fn waiting(all: &[Examined]) -> String {
    let mut broken = all.iter().filter_map(|one| {
        let (broken, _) = one.walked.broken.as_ref()?;
        Some(format!("{} has {}", one.title(), broken.fault.code()))
    });
    let first = broken.next().unwrap_or_default();
    match broken.count() {
        0 => format!("waiting: {first}"),
        more => format!("waiting: {first}, {more} more are broken"),
    }
}

/// Prints them one below the other.
pub(super) fn text(out: &mut impl Write, all: &[Examined], colours: Colours) -> io::Result<()> {
    for one in all {
        writeln!(out, "{}", colours.bold(&one.title()))?;
        for Taken {
            step,
            outcome,
            seen,
            took,
        } in &one.walked.way.taken
        {
            let code = format!("{:<8}", outcome.code());
            let code = match outcome {
                Outcome::Fine => colours.fine(&code),
                Outcome::Skipped => colours.faint(&code),
                Outcome::Broken => colours.broken(&code),
            };
            let took = colours.faint(&format!("{:>9}", shown(*took)));
            writeln!(out, "  {code}{:<13} {took}  {seen}", step.name())?;
        }
        for note in &one.walked.notes {
            writeln!(out, "  note: {note}")?;
        }
        if let Some((broken, names)) = &one.walked.broken {
            let fault = broken.fault;
            let sentence = names.fill(fault.sentence());
            let sentence = colours.bold(&format!("{}: {sentence}", fault.place().words()));
            writeln!(out, "  {sentence} [{}]", fault.code())?;
            writeln!(out, "  try: {}", names.fill(fault.next()))?;
        }
        writeln!(out)?;
    }
    let broken = all.iter().filter(|one| !one.is_healthy()).count();
    match broken {
        0 => writeln!(out, "all well: {}", all.len()),
        _ => writeln!(out, "broken: {broken} of {}", all.len()),
    }
}

/// Prints one JSON object.
pub(super) fn json(out: &mut impl Write, all: &[Examined]) -> io::Result<()> {
    let routes: Vec<Value> = all.iter().map(route).collect();
    let healthy = all.iter().all(Examined::is_healthy);
    serde_json::to_writer_pretty(&mut *out, &json!({ "healthy": healthy, "routes": routes }))?;
    writeln!(out)
}

fn route(one: &Examined) -> Value {
    let steps: Vec<Value> = one.walked.way.taken.iter().map(step).collect();
    json!({
        "alias": one.alias,
        "port": one.port,
        "healthy": one.is_healthy(),
        "steps": steps,
        "notes": one.walked.notes,
        "fault": one.walked.broken.as_ref().map(fault),
    })
}

fn step(taken: &Taken) -> Value {
    json!({
        "step": taken.step.name(),
        "outcome": taken.outcome.code(),
        "seen": taken.seen,
        "took_ms": milliseconds(taken.took),
    })
}

fn fault((broken, names): &(Broken, Names)) -> Value {
    let fault = broken.fault;
    json!({
        "code": fault.code(),
        "step": fault.step().name(),
        "cluster": fault.place().code(),
        "sentence": names.fill(fault.sentence()),
        "seen": broken.seen,
        "next": names.fill(fault.next()),
    })
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

fn shown(took: Duration) -> String {
    format!("{:.1} ms", milliseconds(took))
}
