//! All figures of a run.

use std::collections::BTreeMap;
use std::fmt;

use eastwest_benches::stats::{Rounds, Spread};
use serde::Serialize;

use crate::growth::{CurveKey, Curves, Figure};
use crate::job::{Job, Taken};
use crate::meter::Window;
use crate::rounds::say;
use crate::row::{Metric, Row, Share};
use crate::subject::{Family, Subject};

/// What nobody has taken.
static NO_ROUND: Rounds = Rounds::new();

/// Which figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Key {
    pub(crate) job: Job,
    pub(crate) row: Row,
    pub(crate) subject: String,
    pub(crate) metric: Metric,
    pub(crate) share: Share,
}

/// A subject that could not be measured, or not to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    pub(crate) job: Job,
    /// None where it did not even start.
    pub(crate) row: Option<Row>,
    pub(crate) subject: String,
    pub(crate) why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.job.name(), self.subject)?;
        if let Some(row) = self.row {
            write!(f, " {}", row.name())?;
        }
        write!(f, ": {}", self.why.trim_end())
    }
}

/// Who does a job, whether or not a run measures it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) family: Family,
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    values: BTreeMap<Key, Rounds>,
    contenders: BTreeMap<Job, Vec<Contender>>,
    /// CPU time of others and of the hypervisor, each as a part of a window's time.
    disturbed: Vec<(f64, f64)>,
    pub(crate) failures: Vec<Failure>,
    /// How many figures were thrown away because others had too much of the machine.
    pub(crate) retaken: usize,
    curves: Curves,
}

/// How much of the time that figures were taken others had a CPU.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Disturbance {
    /// Other processes, in parts of one CPU.
    pub(crate) others: Spread,
    /// The hypervisor's other machines.
    pub(crate) stolen: Spread,
}

impl Results {
    /// Who does a job: what is asked of ours is asked beside all of them, and what nobody measures is
    /// no figure, but is not forgotten.
    pub(crate) fn announce(&mut self, job: Job, subjects: &[Subject]) {
        let contenders = subjects.iter().map(|subject| Contender {
            name: subject.name.clone(),
            family: subject.kind.family(),
        });
        self.contenders.insert(job, contenders.collect());
    }

    /// Keeps what was taken of one subject in the round of that number.
    pub(crate) fn keep(&mut self, job: Job, row: Row, subject: &str, round: usize, taken: Taken) {
        for reading in taken.readings {
            let key = Key {
                job,
                row,
                subject: subject.to_owned(),
                metric: reading.metric,
                share: reading.share,
            };
            let rounds = self.values.entry(key).or_default();
            rounds.keep(round, reading.value);
        }
        self.beside(taken.window.as_ref());
    }

    /// Keeps what went on beside a window.
    pub(crate) fn beside(&mut self, window: Option<&Window>) {
        self.disturbed.extend(window.map(disturbance));
    }

    /// Keeps what went wrong, and says it at once.
    pub(crate) fn fail(
        &mut self,
        job: Job,
        row: Option<Row>,
        subject: &Subject,
        error: &anyhow::Error,
    ) {
        let failure = Failure {
            job,
            row,
            subject: subject.name.clone(),
            why: format!("{error:#}"),
        };
        say(&failure.to_string());
        self.failures.push(failure);
    }

    /// Keeps one point of a curve.
    pub(crate) fn grow(&mut self, job: Job, figure: Figure, subject: &str, at: usize, value: f64) {
        let key = CurveKey {
            job,
            figure,
            subject: subject.to_owned(),
        };
        self.curves
            .entry(key)
            .or_default()
            .entry(at)
            .or_default()
            .push(value);
    }

    /// All curves.
    pub(crate) const fn curves(&self) -> &Curves {
        &self.curves
    }

    /// The figures of one key, a round each.
    pub(crate) fn values(
        &self,
        job: Job,
        row: Row,
        subject: &str,
        metric: Metric,
        share: Share,
    ) -> &Rounds {
        let key = Key {
            job,
            row,
            subject: subject.to_owned(),
            metric,
            share,
        };
        self.values.get(&key).unwrap_or(&NO_ROUND)
    }

    /// All figures.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Rounds)> {
        self.values.iter()
    }

    /// The jobs, and who does each, in the order of the tables.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (Job, &[Contender])> {
        self.contenders
            .iter()
            .map(|(job, contenders)| (*job, contenders.as_slice()))
    }

    /// What was going on beside; nothing where no load was measured.
    pub(crate) fn disturbance(&self) -> Option<Disturbance> {
        let (others, stolen): (Vec<_>, Vec<_>) = self.disturbed.iter().copied().unzip();
        Some(Disturbance {
            others: Spread::of(&others)?,
            stolen: Spread::of(&stolen)?,
        })
    }
}

fn disturbance(window: &Window) -> (f64, f64) {
    (window.others_share(), window.stolen_share())
}
