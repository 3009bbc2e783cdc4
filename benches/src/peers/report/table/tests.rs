use super::*;
use crate::job::Taken;
use crate::row::Reading;
use crate::subject::{Kind, Ours, Subject};

/// A tunnel that was measured so many rounds, with an end at each side, and a peer beside it.
fn run(rounds: usize) -> Results {
    let mut results = Results::default();
    let ours = Ours {
        dir: "/nowhere".into(),
        threads: 1,
    };
    let subjects = [("ours", Kind::Ours(ours)), ("stunnel", Kind::Stunnel)];
    let subjects = subjects.map(|(name, kind)| Subject {
        name: name.to_owned(),
        kind,
    });
    results.announce(Job::Tunnel, &subjects);
    for (subject, cpu) in subjects.iter().zip([10.0, 40.0]) {
        for round in 0..rounds {
            let reading = |metric, share, value| Reading {
                metric,
                share,
                value,
            };
            let readings = vec![
                reading(Metric::CpuPerEvent, Share::Whole, cpu + round as f64),
                reading(Metric::CpuPerEvent, Share::ClientEnd, cpu / 2.0),
                reading(Metric::P50, Share::Whole, 12_345.0),
            ];
            let taken = Taken {
                readings,
                window: None,
            };
            results.keep(Job::Tunnel, Row::Request1, &subject.name, round, taken);
        }
    }
    results
}

#[test]
fn a_line_for_each_subject_and_each_of_its_ends() {
    let tables = tables(&run(5));
    let [table] = tables.as_slice() else {
        panic!("{tables:?}");
    };
    assert_eq!(table.head, ["", "CPU us", "p50 us", "ours / it, CPU us"]);
    let names: Vec<_> = table.lines.iter().map(|line| line[0].as_str()).collect();
    assert_eq!(
        names,
        ["ours", "ours, client end", "stunnel", "stunnel, client end"]
    );
    assert_eq!(
        table.lines[0],
        ["ours", "12.0 (10.0..14.0)", "12,345 (12,345..12,345)", ""]
    );
    assert_eq!(
        table.lines[1],
        ["ours, client end", "5.00 (5.00..5.00)", "-", ""]
    );
    assert_eq!(table.lines[2][3], "0.29 (0.25..0.32)");
    assert_eq!(table.note, None);
}

#[test]
fn a_ratio_of_few_rounds_is_left_out_and_the_table_says_why() {
    let tables = tables(&run(4));
    assert_eq!(tables[0].lines[2][3], "-");
    let note = tables[0].note.as_deref().unwrap();
    assert!(
        note.contains("4 rounds of both, and a ratio needs 5"),
        "{note}"
    );
    assert!(tables[0].text().ends_with(&format!("({note})")));
}

#[test]
fn columns_stand_below_each_other() {
    let tables = tables(&run(5));
    let text = tables[0].text();
    let starts: Vec<_> = text.lines().filter_map(|line| line.find("..")).collect();
    assert_eq!(starts.len(), 4);
    let ends: Vec<_> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.find(')'))
        .collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{text}");
}
