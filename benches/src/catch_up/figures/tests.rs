use std::time::Duration;

use super::*;

/// 10^9 bytes in so many milliseconds, with 100 ms of CPU for each of ours and 350 for each server.
fn caught_up(milliseconds: u64, ours: u64) -> CaughtUp {
    let ours = Part::PATH.map(|part| (part, Duration::from_millis(ours)));
    let servers = Part::SERVERS.map(|part| (part, Duration::from_millis(350)));
    CaughtUp {
        received: Window {
            wall: Duration::from_millis(milliseconds),
            programs: ours.into_iter().chain(servers).collect(),
            load: Duration::ZERO,
            others: Duration::ZERO,
            stolen: Duration::ZERO,
            count: 1_000_000_000,
        },
        applied: None,
    }
}

fn rounds(path: u64, count: usize) -> Vec<Round> {
    vec![[caught_up(path, 100), caught_up(1000, 0)]; count]
}

fn cells<'a>(table: &'a Table, name: &str) -> &'a [String] {
    let line = table.lines.iter().find(|line| line[0] == name).unwrap();
    &line[1..]
}

#[test]
fn the_path_is_compared_by_its_speed() {
    let table = table(&rounds(1250, 5));
    assert_eq!(
        cells(&table, "received, MB/s"),
        [
            "800 (800..800)",
            "1,000 (1,000..1,000)",
            "0.800 (0.800..0.800)"
        ]
    );
    assert_eq!(table.note, None);
    for line in &table.lines {
        assert_eq!(line.len(), table.head.len(), "{line:?}");
    }
}

#[test]
fn the_paths_share_is_of_its_own_and_the_servers_time() {
    let table = table(&rounds(1000, 5));
    let [path, direct, _] = cells(&table, "the path's share of CPU, %") else {
        panic!("{table:?}");
    };
    assert_eq!(path, "30.0 (30.0..30.0)");
    assert_eq!(direct, "0.000 (0.000..0.000)");
    assert_eq!(
        cells(&table, "the path, CPU-s/GB")[0],
        "0.300 (0.300..0.300)"
    );
}

#[test]
fn what_was_not_measured_has_no_line() {
    let table = table(&rounds(1000, 1));
    assert!(table.lines.iter().all(|line| !line[0].contains("applied")));
}

#[test]
fn a_path_is_judged_by_five_rounds_at_least() {
    assert!(verdict(&rounds(1050, 5)).contains("reached"));
    assert!(verdict(&rounds(1060, 5)).contains("MISSED"));
    let few = rounds(1000, 4);
    assert!(verdict(&few).contains("unknown, 4 rounds"));
    assert_eq!(cells(&table(&few), "received, MB/s")[2], "-");
    assert!(table(&few).note.is_some());
}
