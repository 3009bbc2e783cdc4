//! Outcomes as a table of Markdown.

use std::time::Duration;

use super::fault::{Expected, Fault};
use super::outcome::Outcome;

/// One row a fault, over all the rounds in which it was struck, in the order of [`Fault::ALL`].
#[must_use]
pub fn table(outcomes: &[Outcome]) -> String {
    let mut table = "\
| fault | what was done | the app is told after (s) | said by the calling shim | the source's thread ends after (s) \
| rows arrive again after (s) | and all that piled up (s) | rows compared |
|---|---|---|---|---|---|---|---|
"
    .to_owned();
    for fault in Fault::ALL {
        let of_it = outcomes.iter().filter(|outcome| outcome.fault == fault);
        let of_it: Vec<&Outcome> = of_it.collect();
        if let Some(last) = of_it.last() {
            table.push_str(&row(&of_it, last));
        }
    }
    table
}

fn row(outcomes: &[&Outcome], last: &Outcome) -> String {
    let fault = last.fault;
    let without = match fault.expected() {
        Expected::ReplicaGone => "it was killed itself",
        _ => "not: its connection goes on",
    };
    let mut reasons: Vec<&str> = Vec::new();
    for reason in outcomes.iter().flat_map(|outcome| &outcome.reasons) {
        if !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    let reasons = match reasons.is_empty() {
        true => "nothing".to_owned(),
        false => format!("`{}`", reasons.join("`, `")),
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} in {} tables, all the same |\n",
        fault.name(),
        fault.done(),
        span(outcomes.iter().map(|outcome| outcome.told), without),
        reasons,
        span(outcomes.iter().map(|outcome| outcome.thread_gone), "not"),
        span(outcomes.iter().map(|outcome| Some(outcome.again)), ""),
        span(outcomes.iter().map(|outcome| Some(outcome.all)), ""),
        last.compared.rows,
        last.compared.tables,
    )
}

/// The least and the most, and what is said of those that have none.
fn span(times: impl Iterator<Item = Option<Duration>> + Clone, without: &str) -> String {
    let some = times.clone().flatten();
    let lacking = times.clone().any(|time| time.is_none());
    let text = match (some.clone().min(), some.max()) {
        (Some(least), Some(most)) if least == most => seconds(least),
        (Some(least), Some(most)) => format!("{} to {}", seconds(least), seconds(most)),
        _ => return without.to_owned(),
    };
    if lacking {
        format!("{text}; or {without}")
    } else {
        text
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use eastwest::mysql::Compared;

    use super::*;

    fn outcome(fault: Fault, told: Option<u64>, again: u64) -> Outcome {
        Outcome {
            fault,
            told: told.map(Duration::from_millis),
            reasons: told
                .map(|_| "upstream_dead".to_owned())
                .into_iter()
                .collect(),
            thread_gone: None,
            again: Duration::from_millis(again),
            all: Duration::from_millis(again + 50),
            compared: Compared { tables: 5, rows: 9 },
        }
    }

    #[test]
    fn rounds_of_one_fault_are_one_row() {
        let outcomes = [
            outcome(Fault::BlackHole, Some(13_200), 400),
            outcome(Fault::GatewayFrozen, None, 10),
            outcome(Fault::BlackHole, Some(13_900), 900),
        ];
        let table = table(&outcomes);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        let [frozen, hole] = rows.as_slice() else {
            panic!("{table}");
        };
        assert!(
            frozen.contains("| not: its connection goes on | nothing | not | 0.01 | 0.06 |"),
            "{frozen}"
        );
        assert!(
            hole.contains(
                "| 13.20 to 13.90 | `upstream_dead` | not | 0.40 to 0.90 | 0.45 to 0.95 |"
            ),
            "{hole}"
        );
        assert!(hole.ends_with("| 9 in 5 tables, all the same |"), "{hole}");
    }
}
