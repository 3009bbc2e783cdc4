use clap::ValueEnum;

use super::*;

fn counted(built: &str, counts: &[(&str, f64)]) -> Baseline {
    let counts = counts.iter().map(|&(case, count)| (case.to_owned(), count));
    Baseline {
        built: built.to_owned(),
        instructions: counts.collect(),
    }
}

#[test]
fn a_count_may_grow_by_the_tolerance_and_no_more() {
    let before = counted("a", &[("sni", 1000.0)]);
    let within = counted("a", &[("sni", 1030.0)]).against(&before, Case::value_variants(), 3.0);
    assert_eq!(within.ending(), Ending::Holds);
    assert_eq!(within.to_string(), "all 1 within 3 %\n");
    let beyond = counted("a", &[("sni", 1031.0)]).against(&before, Case::value_variants(), 3.0);
    assert_eq!(beyond.ending(), Ending::Fails);
    let said = beyond.to_string();
    assert!(
        said.contains("GREW  sni: 1000.0 -> 1031.0 (+3.1 %)"),
        "{said}"
    );
}

#[test]
fn what_shrinks_is_said_and_does_not_fail() {
    let before = counted("a", &[("sni", 1000.0)]);
    let less = counted("a", &[("sni", 900.0)]).against(&before, Case::value_variants(), 3.0);
    assert_eq!(less.ending(), Ending::Holds);
    let said = less.to_string();
    assert!(
        said.contains("less  sni: 1000.0 -> 900.0 (-10.0 %)"),
        "{said}"
    );
}

#[test]
fn what_the_file_does_not_know_fails() {
    let before = counted("a", &[("sni", 1000.0)]);
    let report = counted("a", &[("sni", 1000.0), ("handshake", 5.0)]).against(
        &before,
        Case::value_variants(),
        3.0,
    );
    assert_eq!(report.ending(), Ending::Fails);
    assert!(report.to_string().contains("NEW   handshake"));
    // Nothing to divide by is no count either.
    let nothing = counted("a", &[("sni", 0.0)]);
    let report = counted("a", &[("sni", 1.0)]).against(&nothing, Case::value_variants(), 3.0);
    assert_eq!(report.ending(), Ending::Fails);
}

#[test]
fn another_compiler_is_an_ending_of_its_own() {
    let before = counted("rustc 1", &[("sni", 1000.0)]);
    let report =
        counted("rustc 2", &[("sni", 2000.0)]).against(&before, Case::value_variants(), 3.0);
    assert_eq!(report.ending(), Ending::NotComparable);
    let said = report.to_string();
    assert!(said.contains("GREW  sni"), "{said}");
    assert!(
        said.contains("the file is of rustc 1; this build is of rustc 2"),
        "{said}"
    );
}

#[test]
fn a_case_that_is_no_more_fails_and_is_named() {
    let before = counted("rustc 1", &[("sni", 1000.0), ("snl", 5.0)]);
    for built in ["rustc 1", "rustc 2"] {
        let now = counted(built, &[("sni", 1000.0)]);
        let report = now.against(&before, Case::value_variants(), 3.0);
        assert_eq!(report.ending(), Ending::Fails);
        let said = report.to_string();
        assert!(said.contains("LOST  snl: it is in the file"), "{said}");
        assert!(said.contains("--write"), "{said}");
    }
    // One that was not to be counted this time is not lost.
    let before = counted("rustc 1", &[("sni", 1000.0), ("handshake", 5.0)]);
    let now = counted("rustc 1", &[("sni", 1000.0)]);
    let report = now.against(&before, Case::value_variants(), 3.0);
    assert_eq!(report.ending(), Ending::Holds);
}

#[test]
fn a_case_that_the_file_lacks_fails_with_any_compiler() {
    let before = counted("rustc 1", &[("sni", 1000.0)]);
    let now = counted("rustc 2", &[("sni", 1000.0), ("handshake", 5.0)]);
    let report = now.against(&before, Case::value_variants(), 3.0);
    assert_eq!(report.ending(), Ending::Fails);
}

#[test]
fn a_file_reads_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("counts.json");
    let mut counts = Baseline::new().unwrap();
    counts.keep(Case::Sni, 12.345);
    counts.write(&path).unwrap();
    assert_eq!(Baseline::read(&path).unwrap(), counts);
    assert_eq!(counts.instructions.get("sni"), Some(&12.3));
    fs::write(&path, "{}").unwrap();
    assert!(Baseline::read(&path).is_err());
}
