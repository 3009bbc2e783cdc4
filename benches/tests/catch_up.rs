//! One short round of a catch-up: both ways lead to the same transactions, and all figures are there.
//! What they are says nothing; ours are debug builds here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod built;

use std::path::Path;
use std::process::Command;

use eastwest::mysql::Flavor;
use eastwest_e2e::installed;

/// Lines of the table of figures.
const FIGURES: [&str; 10] = [
    "received, seconds",
    "received, MB/s",
    "shim of the replica, CPU-s/GB",
    "gateway, CPU-s/GB",
    "shim of the source, CPU-s/GB",
    "source, CPU-s/GB",
    "replica, CPU-s/GB",
    "the path, CPU-s/GB",
    "the path's share of CPU, %",
    "everything else, % of a CPU",
];

#[test]
fn mysql_catches_up_both_ways() {
    // Debian unstable may have none today.
    if installed(Flavor::MySql, "mysql_catches_up_both_ways").is_some() {
        catches_up_both_ways("mysql");
    }
}

#[test]
fn mariadb_catches_up_both_ways() {
    catches_up_both_ways("mariadb");
}

fn catches_up_both_ways(server: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_catch-up"));
    built::beside(program);
    let out = tempfile::tempdir().unwrap();
    let (page, files) = (out.path().join("catch-up.md"), out.path().join("tmp"));
    std::fs::create_dir(&files).unwrap();
    let mut run = Command::new(program);
    run.args(["--server", server, "--gigabytes", "0.01", "--rounds", "1"])
        .args(["--applied", "--out"])
        .arg(&page)
        .env("TMPDIR", &files);
    built::said_by(&mut run);

    let page = std::fs::read_to_string(page).unwrap();
    for name in FIGURES.iter().chain(&["applied, seconds", "applied, MB/s"]) {
        let [path, direct] = medians(&page, name);
        // An idle process may have no time, but only where nothing comes through it.
        let idle = ["shim", "gateway", "the path", "everything"]
            .iter()
            .any(|it| name.starts_with(it));
        let there = direct > 0.0 || (idle && direct == 0.0);
        assert!(path > 0.0 && there, "{name} in:\n{page}");
    }
    let [path, direct] = medians(&page, "the path, CPU-s/GB");
    assert!(direct < path / 4.0, "the direct way is not:\n{page}");
    assert!(
        page.contains("unknown, 1 rounds of both, and a ratio needs 5"),
        "judged by one round:\n{page}"
    );
    let left: Vec<_> = std::fs::read_dir(&files).unwrap().collect();
    assert!(left.is_empty(), "{left:?} is left");
}

/// Both medians in a line of the table of figures.
fn medians(page: &str, name: &str) -> [f64; 2] {
    let cells = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!("| {name} | ")));
    let cells = cells.unwrap_or_else(|| panic!("no {name} in:\n{page}"));
    let mut medians = cells.split(" | ").map(|cell| {
        let (median, _) = cell.split_once(' ').unwrap_or_default();
        median.replace(',', "").parse().unwrap_or(-1.0)
    });
    [(); 2].map(|()| medians.next().unwrap())
}
