//! The same metrics as OpenMetrics 1.0 has them, for who asks for that.
//!
//! Where it differs from Prometheus' older text: a counter's family has no `_total`, its samples have; a
//! quotation mark in HELP is escaped; there are no empty lines; and the last line says that it is the last.

use crate::http::accept;

/// What it is called in Content-Type.
pub(super) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the value of an Accept header takes OpenMetrics. Prometheus asks for it before the other form,
/// with the larger q.
pub(super) fn is_accepted(accept: &str) -> bool {
    accept::prefers(accept, "application/openmetrics-text")
}

/// Turns Prometheus' text form into it.
pub(super) fn of(text: &str) -> String {
    let counters: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut to = String::with_capacity(text.len() + 8);
    for line in text.lines().filter(|line| !line.is_empty()) {
        match metadata(line) {
            Some((word, name, rest)) => {
                let family = match name.strip_suffix("_total") {
                    Some(family) if counters.contains(&name) => family,
                    _ => name,
                };
                let rest = match word {
                    "HELP" => rest.replace('"', "\\\""),
                    _ => rest.to_owned(),
                };
                to.push_str(&format!("# {word} {family} {rest}"));
            }
            None => to.push_str(line),
        }
        to.push('\n');
    }
    to.push_str("# EOF\n");
    to
}

fn metadata(line: &str) -> Option<(&str, &str, &str)> {
    let (word, rest) = line.strip_prefix("# ")?.split_once(' ')?;
    let (name, rest) = rest.split_once(' ')?;
    Some((word, name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_lose_their_ending_in_the_family_and_nowhere_else() {
        let text = "# HELP a_total Says \"x\".\n# TYPE a_total counter\na_total{of=\"b\"} 1\n\n\
                    # TYPE b_total gauge\nb_total 2\n\n";
        assert_eq!(
            of(text),
            "# HELP a Says \\\"x\\\".\n# TYPE a counter\na_total{of=\"b\"} 1\n\
             # TYPE b_total gauge\nb_total 2\n# EOF\n"
        );
    }

    #[test]
    fn who_asks_for_it_gets_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert!(is_accepted(prometheus));
        assert!(is_accepted("application/openmetrics-text"));
        for other in [
            "",
            "*/*",
            "text/plain",
            "text/html, application/xml",
            "application/openmetrics-text;q=0",
            "text/plain, application/openmetrics-text;q=0.5",
        ] {
            assert!(!is_accepted(other), "{other}");
        }
    }
}
