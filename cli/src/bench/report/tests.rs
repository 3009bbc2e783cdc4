use std::num::NonZeroU16;
use std::time::Duration;

use clap::Parser;

use super::super::args::BenchArgs;
use super::super::load::{Load, Metric, Taken, Window};
use super::super::way::Through;
use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    bench: BenchArgs,
}

const WAYS: [Through; 3] = [Through::Direct, Through::Ours, Through::Envoy];

fn streams() -> Load {
    Load::Streams(NonZeroU16::new(8).unwrap())
}

fn window(programs: &[&'static str], count: u64) -> Window {
    let each = Duration::from_millis(500);
    Window {
        wall: Duration::from_secs(1),
        programs: programs.iter().map(|name| (*name, each)).collect(),
        load: Duration::from_millis(100),
        others: Duration::from_millis(300),
        stolen: Duration::ZERO,
        count,
    }
}

/// Direct has 40 Gbit/s, ours 10, Envoy 5; requests were too few for more than the median.
fn results(rounds: usize) -> Results {
    let mut results = Results::new(vec![streams(), Load::Requests], WAYS.to_vec());
    for round in 0..rounds {
        for (way, gbit) in WAYS.into_iter().zip([40.0, 10.0, 5.0]) {
            let programs: &[&str] = match way {
                Through::Direct => &[],
                _ => &["gateway", "server sidecar"],
            };
            let bulk = Taken {
                values: vec![(Metric::Gbit, gbit)],
                window: window(programs, 2_000_000_000),
            };
            results.keep(round, streams(), way, &bulk);
            let requests = Taken {
                values: vec![
                    (Metric::P50, 80_000.0),
                    (Metric::P99, 90_000.0),
                    (Metric::P999, 95_000.0),
                    (Metric::PerSecond, 12.0),
                ],
                window: window(programs, 12),
            };
            results.keep(round, Load::Requests, way, &requests);
        }
    }
    results
}

fn with<T>(results: &Results, flags: &[&str], look: impl FnOnce(Report<'_>) -> T) -> T {
    let argv = ["bench"].into_iter().chain(flags.iter().copied());
    let args = Cli::try_parse_from(argv).unwrap().bench.load;
    look(Report {
        args: &args,
        results,
        load_before: "0.10 0.20 0.30".to_owned(),
        neighbours: Vec::new(),
        versions: vec!["envoy: version 1.40".to_owned()],
    })
}

fn row<'a>(text: &'a str, title: &str, way: &str) -> &'a str {
    let table = text.split_once(title).unwrap().1;
    let mut lines = table.lines().map(str::trim_start);
    lines.find(|line| line.starts_with(way)).unwrap()
}

#[test]
fn a_table_has_figures_cost_and_ratios_of_five_rounds() {
    let text = with(&results(5), &[], |report| report.text());
    let title = "8 streams from the far app";
    assert!(text.contains("Gbit/s / direct"), "{text}");
    assert!(text.contains("eastwest's Gbit/s / its"), "{text}");
    let ours = row(&text, title, "eastwest");
    assert!(ours.contains("10.0 (10.0..10.0)"), "{ours}");
    // Two programs, half a second each, for two GB.
    assert!(ours.contains("0.500 (0.500..0.500)"), "{ours}");
    assert!(ours.contains("0.250 (0.250..0.250)"), "{ours}");
    let envoy = row(&text, title, "envoy");
    assert!(envoy.contains("2.00 (2.00..2.00)"), "{envoy}");
    let all = row(&text, "CPU time of each process", "streams-8, envoy");
    assert!(all.contains("0.250 (0.250..0.250)"), "{all}");
    assert!(text.contains("load average before: 0.10"), "{text}");
    assert!(text.contains("envoy: version 1.40"), "{text}");
    assert!(text.contains("0.300 CPUs in the median"), "{text}");
}

#[test]
fn fewer_than_five_rounds_make_no_ratio_and_it_is_said_why() {
    let text = with(&results(4), &[], |report| report.text());
    let ours = row(&text, "8 streams from the far app", "eastwest");
    let cells: Vec<&str> = ours.split("  ").filter(|cell| !cell.is_empty()).collect();
    // Neither of direct's, nor of the other program's: that is in the other program's line.
    assert_eq!(
        cells[3..].iter().map(|it| it.trim()).collect::<Vec<_>>(),
        ["n/a", "-"],
        "{ours}"
    );
    let envoy = row(&text, "8 streams from the far app", "envoy");
    assert!(envoy.ends_with("n/a"), "{envoy}");
    assert!(
        text.contains("4 rounds of both, and no ratio is told of fewer than 5"),
        "{text}"
    );
    let json = with(&results(4), &[], |report| report.json().unwrap());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let ratio = &json["loads"][0]["ways"][1]["of_direct"];
    assert!(ratio["unknown"].is_string(), "{ratio}");
}

#[test]
fn a_percentile_that_few_cannot_tell_is_not_told() {
    let text = with(&results(5), &[], |report| report.text());
    let direct = row(&text, "64 bytes there and back", "direct");
    assert!(direct.contains("80,000"), "{direct}");
    assert!(direct.contains("n/a"), "{direct}");
    for unknown in ["90,000", "95,000"] {
        assert!(!text.contains(unknown), "{text}");
    }
    assert!(text.contains("p99.9 needs 1,000 in a round"), "{text}");
}

/// Of those that had many alone it would be another figure than that of the rounds beside it.
#[test]
fn a_percentile_is_of_all_rounds_or_of_none() {
    let with_counts = |counts: [u64; 5]| {
        let mut results = Results::new(vec![Load::Requests], WAYS[..1].to_vec());
        for (round, count) in counts.into_iter().enumerate() {
            let taken = Taken {
                values: vec![(Metric::P50, 7.0), (Metric::P99, count as f64)],
                window: window(&[], count),
            };
            results.keep(round, Load::Requests, WAYS[0], &taken);
        }
        let text = with(&results, &[], |report| report.text());
        row(&text, "64 bytes there and back", "direct").to_owned()
    };
    let most_had_few = with_counts([80, 90, 95, 100, 110]);
    assert!(most_had_few.contains("  n/a"), "{most_had_few}");
    let few_had_few = with_counts([80, 90, 105, 110, 120]);
    assert!(few_had_few.contains("105 (80.0..120)"), "{few_had_few}");
}

/// Over a way so long that hardly two turns of all eight fit into a round.
#[test]
fn new_connections_a_second_are_not_told_of_fewer_than_three_turns_of_all() {
    let with_counts = |counts: [u64; 5]| {
        let mut results = Results::new(vec![Load::Connections], WAYS[..2].to_vec());
        for (round, count) in counts.into_iter().enumerate() {
            for way in &WAYS[..2] {
                let taken = Taken {
                    values: vec![(Metric::PerSecond, count as f64), (Metric::P50, 9.0)],
                    window: window(&[], count),
                };
                results.keep(round, Load::Connections, *way, &taken);
            }
        }
        with(&results, &[], |report| {
            (report.text(), report.json().unwrap())
        })
    };
    let (text, json) = with_counts([16, 16, 16, 24, 24]);
    let ours = row(&text, "new connections", "eastwest");
    assert!(ours.contains("n/a  9.00"), "{ours}");
    assert!(
        text.contains("how many a second needs 24 in a round"),
        "{text}"
    );
    assert!(!json.contains("per-second"), "{json}");
    // There were rounds enough.
    for said in [&text, &json] {
        assert!(said.contains("fewer than 24 came in a round"), "{said}");
        assert!(!said.contains("0 rounds of both"), "{said}");
    }
    let (text, json) = with_counts([16, 24, 24, 24, 32]);
    let ours = row(&text, "new connections", "eastwest");
    assert!(ours.contains("24.0 (16.0..32.0)"), "{ours}");
    assert!(json.contains("per-second"), "{json}");
}

#[test]
fn what_failed_is_named_in_every_form() {
    let mut results = results(5);
    let error = anyhow::anyhow!("closed before the far app has answered");
    results.fail(2, streams(), Through::Envoy, &error);
    let named = "round 3, streams-8 through envoy: closed";
    for _ in 0..2 {
        results.leave_out(streams(), Through::Envoy);
    }
    let left_out = "not tried: 2 more rounds of streams-8 through envoy, as 2 have failed";
    with(&results, &[], |report| {
        for said in [named, left_out] {
            assert!(report.text().contains(said));
            assert!(report.markdown(None).contains(said));
        }
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["failures"][0]["round"], 3);
        assert_eq!(json["failures"][0]["way"], "envoy");
        assert_eq!(json["not_tried"][0]["rounds"], 2);
    });
}

#[test]
fn json_has_every_round_and_the_plot_every_way() {
    let flags = ["--rtt", "80ms", "--rate", "1Gbit"];
    with(&results(5), &flags, |report| {
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["rtt_ms"], 80);
        assert_eq!(json["rate"], "1Gbit");
        let ours = &json["loads"][0]["ways"][1];
        assert_eq!(ours["way"], "eastwest");
        assert_eq!(ours["figures"][0]["each"].as_object().unwrap().len(), 5);
        assert_eq!(ours["of_direct"]["is"]["median"], 0.25);
        assert_eq!(
            json["loads"][0]["ways"][2]["ours_of_it"]["is"]["median"],
            2.0
        );
        let plot = report.plot();
        for way in ["direct", "eastwest", "envoy", "CPU-s/GB", "p50 us"] {
            assert!(plot.contains(way), "{way}");
        }
        let page = report.markdown(Some(Path::new("docs/bench.svg")));
        assert!(page.contains("(bench.svg)"), "{page}");
        assert!(page.contains("80 ms there and back, 1Gbit"), "{page}");
    });
}

#[test]
fn of_nothing_there_is_still_a_report() {
    let nothing = Results::new(vec![streams()], vec![Through::Path]);
    with(&nothing, &[], |report| {
        assert!(report.text().contains("8 streams"));
        assert!(report.plot().starts_with("<svg"));
        report.json().unwrap();
    });
}
