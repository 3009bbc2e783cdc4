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
    let within = counted("a", &[("sni", 1030.0)]).against(&before, 3.0);
    assert!(!within.fails());
    assert_eq!(within.to_string(), "all 1 within 3 %\n");
    let beyond = counted("a", &[("sni", 1031.0)]).against(&before, 3.0);
    assert!(beyond.fails());
    let said = beyond.to_string();
    assert!(
        said.contains("GREW  sni: 1000.0 -> 1031.0 (+3.1 %)"),
        "{said}"
    );
}

#[test]
fn what_shrinks_is_said_and_does_not_fail() {
    let before = counted("a", &[("sni", 1000.0)]);
    let less = counted("a", &[("sni", 900.0)]).against(&before, 3.0);
    assert!(!less.fails());
    let said = less.to_string();
    assert!(
        said.contains("less  sni: 1000.0 -> 900.0 (-10.0 %)"),
        "{said}"
    );
}

#[test]
fn what_the_file_does_not_know_fails() {
    let before = counted("a", &[("sni", 1000.0)]);
    let report = counted("a", &[("sni", 1000.0), ("handshake", 5.0)]).against(&before, 3.0);
    assert!(report.fails());
    assert!(report.to_string().contains("NEW   handshake"));
    // Nothing to divide by is no count either.
    let nothing = counted("a", &[("sni", 0.0)]);
    assert!(counted("a", &[("sni", 1.0)]).against(&nothing, 3.0).fails());
}

#[test]
fn another_compiler_is_said_and_nothing_fails() {
    let before = counted("rustc 1", &[("sni", 1000.0)]);
    let report = counted("rustc 2", &[("sni", 2000.0)]).against(&before, 3.0);
    assert!(!report.fails());
    let said = report.to_string();
    assert!(said.contains("GREW  sni"), "{said}");
    assert!(
        said.contains("the file is of rustc 1; this build is of rustc 2"),
        "{said}"
    );
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
