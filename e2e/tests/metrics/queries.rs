//! The metrics and labels that PromQL asks for.

use serde_json::Value;

/// A metric, and the labels that it is selected by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    pub(crate) labels: Vec<String>,
}

/// All selectors of an expression: words with the prefix of a metric of ours, or with braces behind them.
pub(crate) fn selectors(expression: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let after = &rest[begin..];
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
        let (word, behind) = after.split_at(end.unwrap_or(after.len()));
        rest = behind;
        let ours = ["eastwest_", "istio_", "process_"]
            .iter()
            .any(|prefix| word.starts_with(prefix));
        let mut labels = Vec::new();
        if let Some(inside) = behind.strip_prefix('{') {
            let (matchers, behind) = inside.split_once('}').unwrap_or((inside, ""));
            labels.extend(matchers.split(',').filter_map(|matcher| {
                let name = matcher.split(['=', '!']).next()?.trim();
                (!name.is_empty()).then(|| name.to_owned())
            }));
            rest = behind;
        } else if !ours {
            // A function, an aggregation, or a label in the brackets of one.
            continue;
        }
        found.push(Selector {
            metric: word.to_owned(),
            labels,
        });
    }
    found
}

/// The expressions of a dashboard's panels.
pub(crate) fn in_dashboard(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if name == "expr" => found.push(text.clone()),
                    value => in_dashboard(value, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| in_dashboard(value, found)),
        _ => {}
    }
}

/// The expressions of a file of rules, each on its line or, folded, on those below.
pub(crate) fn in_alerts(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut folded = false;
    for line in text.lines() {
        if let Some(expression) = line.trim_start().strip_prefix("expr: ") {
            folded = expression == ">-";
            found.push(if folded {
                String::new()
            } else {
                expression.to_owned()
            });
        } else if folded {
            folded = line.starts_with("      ");
            if let (true, Some(last)) = (folded, found.last_mut()) {
                last.push_str(line.trim_start());
                last.push(' ');
            }
        }
    }
    found
}
