//! What was found, for people and for programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use super::look::Broken;
use super::names::Names;
use super::step::Step;
use super::walk::Walked;
use super::way::{Outcome, Taken};
use crate::colours::Colours;
use crate::one_line::in_one_line;

/// All that was found.
pub(super) struct Report {
    /// What a person should know of the files and settings.
    pub(super) notes: Vec<String>,
    pub(super) routes: Vec<Examined>,
}

impl Report {
    pub(super) fn is_healthy(&self) -> bool {
        self.routes.iter().all(Examined::is_healthy)
    }
}

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

    /// Whether the app itself was looked at.
    fn is_heard(&self) -> bool {
        let mut hops = self.walked.way.taken.iter();
        hops.any(|hop| hop.step == Step::App && hop.outcome == Outcome::Fine)
    }

    fn title(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.alias),
            None => self.alias.clone(),
        }
    }
}

/// What is not well yet, in a few words.
pub(super) fn waiting(report: &Report) -> String {
    let mut broken = report.routes.iter().filter_map(|one| {
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
pub(super) fn text(out: &mut impl Write, report: &Report, colours: Colours) -> io::Result<()> {
    for note in &report.notes {
        writeln!(out, "note: {note}\n")?;
    }
    for one in &report.routes {
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
            let seen = in_one_line(seen);
            writeln!(out, "  {code}{:<13} {took}  {seen}", step.name())?;
        }
        for note in &one.walked.notes {
            writeln!(out, "  note: {}", in_one_line(note))?;
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
    let all = report.routes.len();
    let broken = report.routes.iter().filter(|one| !one.is_healthy()).count();
    let unheard = report.routes.iter().filter(|one| !one.is_heard()).count();
    match broken {
        0 if unheard > 0 => writeln!(
            out,
            "all well as far as was looked: {all}; {unheard} not as far as the app"
        ),
        0 => writeln!(out, "all well: {all}"),
        _ => writeln!(out, "broken: {broken} of {all}"),
    }
}

/// Prints one JSON object. Fields are added from version to version and never change their meaning.
pub(super) fn json(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let routes: Vec<Value> = report.routes.iter().map(route).collect();
    let whole = json!({
        "version": 1,
        "healthy": report.is_healthy(),
        "notes": report.notes,
        "routes": routes,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Look;
    use crate::doctor::way::Way;

    /// What is printed about one route on which all is well, where this came of the app.
    fn printed(app: Look) -> String {
        let mut way = Way::new();
        way.note(Step::App, app);
        let walked = Walked {
            way,
            broken: None,
            notes: Vec::new(),
        };
        let route = Examined {
            alias: "src-db-0.pxc.svc.cluster.local".to_owned(),
            port: Some(3306),
            walked,
        };
        let report = Report {
            notes: Vec::new(),
            routes: vec![route],
        };
        let mut out = Vec::new();
        text(&mut out, &report, Colours::Off).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn last_line(app: Look) -> String {
        printed(app).lines().last().unwrap().to_owned()
    }

    #[test]
    fn what_others_say_is_one_line_of_the_table() {
        let printed = printed(Look::fine("not ready\ndrain: it ends\x1b[2J"));
        assert!(
            printed.contains("  not ready\\ndrain: it ends\\u{1b}[2J\n"),
            "{printed}"
        );
    }

    #[test]
    fn an_app_that_was_not_heard_is_not_counted_as_well() {
        assert_eq!(last_line(Look::fine("it answers")), "all well: 1");
        assert_eq!(
            last_line(Look::skipped("it would count that")),
            "all well as far as was looked: 1; 1 not as far as the app"
        );
    }
}
