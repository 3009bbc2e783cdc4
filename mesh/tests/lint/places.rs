//! Faults that istiod refuses, each at its line and column.

use super::{in_istio, service_entry, source};

/// Lines of spec after those of `service_entry`, which has 9 lines; the code and place to find.
const FAULTS: [(&str, &str); 16] = [
    ("hosts: ['*']", "EW202 10:11"),
    ("hosts: ['a.*.com']", "EW202 10:11"),
    ("hosts: ['*a.com']", "EW202 10:11"),
    ("hosts: [a.example.com, b.example.com]", "EW215 10:26"),
    ("addresses: [nonsense]", "EW203 10:15"),
    ("resolution: DNS\naddresses: [10.0.0.0/8]", "EW203 11:15"),
    (
        "resolution: DNS_ROUND_ROBIN\nendpoints: [{address: a.b}, {address: c.d}]",
        "EW213 11:41",
    ),
    ("exportTo: [pxc, pxc]", "EW216 10:19"),
    ("exportTo: ['.', pxc]", "EW216 10:19"),
    ("exportTo: ['~', pxc]", "EW216 10:14"),
    ("exportTo: ['a b']", "EW216 10:14"),
    ("endpoints: [{network: n}]", "EW204 10:15"),
    (
        "workloadSelector: {labels: {app: 'x*'}}\nendpoints: []",
        "EW504 10:31",
    ),
    ("workloadSelector: {labels: {app: x}}", "EW208 9:25"),
    ("resolution: DYNAMIC_DNS\nendpoints: []", "EW214 5:11"),
    ("endpoints: [{address: 'unix://run/x'}]", "EW211 10:25"),
];

/// The entry with these keys of its spec in the place of its own.
fn entry(lines: &str) -> String {
    let given: Vec<_> = lines
        .lines()
        .filter_map(|line| line.split_once(':'))
        .collect();
    let replaced = |line: &&str| {
        let key = line.trim_start().split(':').next().unwrap();
        line.starts_with("  ") && given.iter().any(|(other, _)| *other == key)
    };
    let whole = service_entry("db-0", "");
    // A comment keeps the number of lines.
    let own = whole
        .lines()
        .map(|line| if replaced(&line) { "  #" } else { line });
    let new = lines.lines().map(|line| format!("  {line}"));
    own.map(str::to_owned)
        .chain(new)
        .map(|line| line + "\n")
        .collect()
}

#[test]
fn each_fault_is_found_at_its_place() {
    let mut wrong = Vec::new();
    for (lines, expected) in FAULTS {
        let found = in_istio(&[source("a.yaml", &entry(lines))]);
        let places: Vec<_> = found
            .iter()
            .map(|lint| {
                let origin = &lint.finding.origin;
                format!("{} {}:{}", lint.finding.code, origin.line, origin.column)
            })
            .collect();
        if !places.iter().any(|place| place == expected) {
            wrong.push(format!("{lines}: {expected} is not in {places:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
