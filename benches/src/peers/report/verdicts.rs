//! Whether what must be reached was.

use std::collections::BTreeMap;

use eastwest_benches::stats::{LEAST_ROUNDS, Rounds, Spread, ratio};
use eastwest_benches::table::{short, shown};
use serde::Serialize;

use super::targets::{Against, Limit, TARGETS, Target};
use crate::job::Job;
use crate::results::{Contender, Results};
use crate::row::Share;
use crate::subject::Family;

/// What is said of a figure that nobody took.
const NOT_MEASURED: &str = "not measured";

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Reached,
    Missed,
    /// It cannot be said, and why.
    Unknown(String),
}

/// What was demanded of one of ours, what was reached, and whether that is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) subject: String,
    pub(crate) figure: String,
    pub(crate) limit: String,
    pub(crate) reached: String,
    pub(crate) outcome: Outcome,
}

/// The verdicts on all builds of ours: on every target, also where nothing was measured.
pub(crate) fn verdicts(results: &Results) -> Vec<Verdict> {
    let of_job = |(job, contenders): (Job, &[Contender])| {
        let ours = contenders.iter().filter(|it| it.family == Family::Ours);
        let verdicts = ours.flat_map(|ours| {
            let targets = TARGETS.iter().filter(move |target| target.job == job);
            targets.map(|target| verdict(results, target, &ours.name, contenders))
        });
        verdicts.collect::<Vec<_>>()
    };
    results.jobs().flat_map(of_job).collect()
}

/// Whether every target was reached. Where none was judged none was.
pub(crate) fn all_reached(verdicts: &[Verdict]) -> bool {
    let mut all = verdicts.iter();
    !verdicts.is_empty() && all.all(|it| it.outcome == Outcome::Reached)
}

fn verdict(results: &Results, target: &Target, ours: &str, contenders: &[Contender]) -> Verdict {
    let of = |name: &str| results.values(target.job, target.row, name, target.metric, Share::Whole);
    let own = of(ours);
    let (limit, reached, outcome) = match target.limit {
        Limit::Value(most) => {
            let limit = format!("at most {}", short(most));
            match own.spread().filter(|it| it.rounds >= LEAST_ROUNDS) {
                Some(it) => (limit, shown(&it), judged(it.median <= most)),
                None => (limit, "-".to_owned(), too_few(own.len())),
            }
        }
        Limit::NoMoreThan(part, against) => {
            let standing = Standing::of(own, against, contenders, &of, false);
            let said = format!("at most {part:.2} x");
            compared(&said, against, standing, |it| it <= part)
        }
        Limit::NoLessThan(part, against) => {
            let standing = Standing::of(own, against, contenders, &of, true);
            let said = format!("at least {part:.2} x");
            compared(&said, against, standing, |it| it >= part)
        }
    };
    Verdict {
        subject: ours.to_owned(),
        figure: format!(
            "{}, {}: {}",
            target.job.name(),
            target.row.title(),
            target.metric.title()
        ),
        limit,
        reached,
        outcome: if own.is_empty() {
            Outcome::Unknown(NOT_MEASURED.to_owned())
        } else {
            outcome
        },
    }
}

/// How ours stands beside others.
struct Standing<'a> {
    /// Against whom it looks worst, and the ratio.
    worst: Option<(&'a str, Spread)>,
    /// Those of whom nothing can be said, by the reason: any of them may be better.
    unknown: BTreeMap<String, Vec<&'a str>>,
}

impl<'a> Standing<'a> {
    fn of<'v>(
        own: &Rounds,
        against: Against,
        contenders: &'a [Contender],
        of: &impl Fn(&str) -> &'v Rounds,
        more_is_better: bool,
    ) -> Self {
        let meant = |it: &&Contender| match against {
            Against::Everybody => matches!(it.family, Family::Peer(_)),
            Against::All(tool) => it.family == Family::Peer(tool),
            Against::One(name) => it.name == name,
        };
        let mut standing = Self {
            worst: None,
            unknown: BTreeMap::new(),
        };
        for peer in contenders.iter().filter(meant) {
            let theirs = of(&peer.name);
            match ratio(own, theirs) {
                Ok(quotient) => {
                    let is_worse = standing.worst.is_none_or(|(_, before)| {
                        (quotient.median > before.median) != more_is_better
                    });
                    if is_worse {
                        standing.worst = Some((&peer.name, quotient));
                    }
                }
                Err(why) => {
                    let why = if theirs.is_empty() {
                        NOT_MEASURED.to_owned()
                    } else {
                        why.to_string()
                    };
                    standing.unknown.entry(why).or_default().push(&peer.name);
                }
            }
        }
        standing
    }

    /// Why nothing can be said, in words.
    fn why_unknown(&self) -> String {
        if self.unknown.is_empty() {
            return NOT_MEASURED.to_owned();
        }
        let reasons = self.unknown.iter();
        let reasons = reasons.map(|(why, names)| format!("{}: {why}", names.join(", ")));
        reasons.collect::<Vec<_>>().join("; ")
    }
}

/// A limit in words, the ratio, and how it went. Whoever has no figure may be better than all who have
/// one, so that nothing is reached without it; what is missed is missed with it, too.
fn compared(
    said: &str,
    against: Against,
    standing: Standing<'_>,
    enough: impl Fn(f64) -> bool,
) -> (String, String, Outcome) {
    let meant = match against {
        Against::Everybody => "the best".to_owned(),
        Against::All(tool) => format!("{} at its best", tool.name()),
        Against::One(name) => name.to_owned(),
    };
    match standing.worst {
        Some((name, it)) if standing.unknown.is_empty() || !enough(it.median) => {
            let best = if name == meant {
                String::new()
            } else if standing.unknown.is_empty() {
                format!(" ({name})")
            } else {
                format!(" ({name}; {})", standing.why_unknown())
            };
            (
                format!("{said} {meant}{best}"),
                shown(&it),
                judged(enough(it.median)),
            )
        }
        _ => (
            format!("{said} {meant}"),
            "-".to_owned(),
            Outcome::Unknown(standing.why_unknown()),
        ),
    }
}

const fn judged(enough: bool) -> Outcome {
    if enough {
        Outcome::Reached
    } else {
        Outcome::Missed
    }
}

fn too_few(rounds: usize) -> Outcome {
    Outcome::Unknown(format!(
        "{rounds} rounds, and a verdict needs {LEAST_ROUNDS}"
    ))
}

impl Outcome {
    /// In a table.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Reached => "reached".to_owned(),
            Self::Missed => "MISSED".to_owned(),
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
