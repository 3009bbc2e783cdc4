//! Prometheus' text format, and the rules that `promtool check metrics` holds it to.

use std::collections::BTreeMap;

use crate::queries::Selector;

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["job", "instance"];
/// What a histogram's samples are called beside its name.
const OF_HISTOGRAM: [&str; 3] = ["_bucket", "_sum", "_count"];
/// Units that are not the base units of Prometheus.
const ODD_UNITS: [&str; 10] = [
    "milliseconds",
    "ms",
    "microseconds",
    "minutes",
    "hours",
    "days",
    "kilobytes",
    "kb",
    "megabytes",
    "percent",
];

pub(crate) struct Sample<'a> {
    name: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
    value: f64,
}

/// What a server exposes.
pub(crate) struct Exposition<'a> {
    samples: Vec<Sample<'a>>,
    types: BTreeMap<&'a str, &'a str>,
    helps: BTreeMap<&'a str, &'a str>,
}

impl<'a> Exposition<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let named = |prefix: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
            lines.filter_map(|rest| rest.split_once(' ')).collect()
        };
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        Self {
            samples: samples.filter_map(sample).collect(),
            types: named("# TYPE "),
            helps: named("# HELP "),
        }
    }

    pub(crate) fn families(&self) -> usize {
        self.types.len()
    }

    /// The sum of the series of a metric that have these labels.
    pub(crate) fn sum(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        let of = self.samples.iter().filter(|sample| {
            let has = |(name, value): &(&str, &str)| sample.labels.get(name) == Some(value);
            sample.name == metric && labels.iter().all(has)
        });
        of.map(|sample| sample.value).sum()
    }

    /// Whether a query for this finds a series, whatever the values of its labels.
    pub(crate) fn answers(&self, selector: &Selector) -> bool {
        self.samples.iter().any(|sample| {
            let known = |label: &String| {
                ADDED.contains(&label.as_str()) || sample.labels.contains_key(label.as_str())
            };
            sample.name == selector.metric && selector.labels.iter().all(known)
        })
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for sample in &self.samples {
            if self.family(sample.name).is_none() {
                faults.push(format!("{} has no TYPE", sample.name));
            }
            for label in sample.labels.keys() {
                let allowed = label.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                if !allowed {
                    faults.push(format!("{}: label {label}", sample.name));
                }
            }
        }
        for (name, kind) in &self.types {
            let prefixes = ["eastwest_", "istio_", "process_"];
            let prefixed = prefixes.iter().any(|prefix| name.starts_with(prefix));
            let unit_last = |name: &str| name.ends_with("_seconds") || name.ends_with("_bytes");
            let checks = [
                (
                    self.helps.get(name).is_some_and(|help| help.len() > 8),
                    "no HELP",
                ),
                (prefixed, "another prefix"),
                (
                    name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                    "odd characters",
                ),
                (
                    (*kind == "counter") == name.ends_with("_total"),
                    "_total and its type",
                ),
                (
                    ["counter", "gauge", "histogram"].contains(kind),
                    "another type",
                ),
                (
                    !name.split('_').any(|word| ODD_UNITS.contains(&word)),
                    "no base unit",
                ),
                (
                    *kind != "histogram" || unit_last(name),
                    "a histogram without a unit",
                ),
                // promtool: a name must not say its type.
                (
                    !name.contains("_gauge") && !name.contains("_counter"),
                    "its type in its name",
                ),
                (
                    *kind == "histogram" || !OF_HISTOGRAM.iter().any(|end| name.ends_with(end)),
                    "an ending of histograms",
                ),
            ];
            let wrong = checks.iter().filter(|(right, _)| !right);
            faults.extend(wrong.map(|(_, what)| format!("{name} ({kind}): {what}")));
        }
        faults
    }

    fn family(&self, sample: &str) -> Option<&str> {
        if let Some(kind) = self.types.get(sample) {
            return Some(kind);
        }
        let of = OF_HISTOGRAM
            .iter()
            .filter_map(|end| sample.strip_suffix(end));
        of.filter_map(|family| self.types.get(family).copied())
            .find(|kind| *kind == "histogram")
    }
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let mut pairs = BTreeMap::new();
    for label in labels.strip_suffix('}')?.split("\",") {
        if let Some((name, value)) = label.split_once("=\"") {
            pairs.insert(name, value.trim_end_matches('"'));
        }
    }
    Some(Sample {
        name,
        labels: pairs,
        value: value.parse().ok()?,
    })
}
