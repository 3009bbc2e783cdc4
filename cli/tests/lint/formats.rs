//! What is printed.

use std::process::Command;

use super::{FAULTY, eastwest, folder, said};

#[test]
fn text_has_the_place_the_line_a_caret_the_fix_and_a_summary() {
    let folder = folder(&[("a.yaml", FAULTY)]);
    let output = said(&eastwest(folder.path(), &["lint", "a.yaml"]));
    let expected = "a.yaml:11:14: error[EW102]: ServiceEntry pxc/src-db-0: ";
    assert!(output.contains(expected), "{output}");
    let excerpt = "  11 |   - address: 172.21.0.3   # the gateway\n     |              ^\n     \
                   = fix: add labels: {security.istio.io/tlsMode: istio} to the endpoint (--fix)\n";
    assert!(output.contains(excerpt), "{output}");
    let last = output.lines().last();
    assert_eq!(
        last,
        Some("1 error, 2 warnings, 0 notes in 1 file; --fix mends 1 of them")
    );
}

#[test]
fn nothing_is_coloured_where_nobody_looks_and_nothing_steers_a_terminal() {
    let folder = folder(&[(
        "a.yaml",
        &FAULTY.replace("# the gateway", "# \u{1b}[31mred"),
    )]);
    let output = Command::new(env!("CARGO_BIN_EXE_eastwest"))
        .current_dir(folder.path())
        .args(["lint", "a.yaml"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(said(&output).contains("red") && !said(&output).contains('\u{1b}'));
}

#[test]
fn a_caret_stays_in_sight_in_a_long_line() {
    let long = format!("[{}, 'a b']", vec!["'*.example.com'"; 40].join(", "));
    let text = FAULTY.replace("  resolution", &format!("  exportTo: {long}\n  resolution"));
    let folder = folder(&[("a.yaml", &text)]);
    let output = said(&eastwest(folder.path(), &["lint", "a.yaml"]));
    let carets = output.lines().filter(|line| line.ends_with('^'));
    assert!(
        carets.clone().count() > 3 && carets.clone().all(|line| line.len() < 120),
        "{output}"
    );
}

#[test]
fn json_has_every_finding_and_the_counts() {
    let folder = folder(&[("a.yaml", FAULTY)]);
    let output = said(&eastwest(folder.path(), &["lint", "-o", "json", "a.yaml"]));
    let all: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!((&all["version"], &all["errors"]), (&1.into(), &1.into()));
    let findings = all["findings"].as_array().unwrap();
    assert_eq!((findings.len(), &all["warnings"]), (3, &2.into()));
    let plain = findings
        .iter()
        .find(|finding| finding["code"] == "EW102")
        .unwrap();
    assert_eq!(
        (
            &plain["file"],
            &plain["line"],
            &plain["column"],
            &plain["fixable"]
        ),
        (&"a.yaml".into(), &11.into(), &14.into(), &true.into())
    );
    assert_eq!(plain["severity"], "error");
}

#[test]
fn sarif_names_a_rule_for_each_result_and_escapes_its_path() {
    let folder = folder(&[("a b.yaml", FAULTY)]);
    let output = said(&eastwest(
        folder.path(),
        &["lint", "-o", "sarif", "a b.yaml"],
    ));
    let log: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.yaml");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
    }
}
