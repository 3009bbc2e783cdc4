use clap::{CommandFactory, Parser};

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    bench: BenchArgs,
}

fn parsed(flags: &[&str]) -> Result<LoadArgs, clap::Error> {
    let argv = ["bench"].into_iter().chain(flags.iter().copied());
    Cli::try_parse_from(argv).map(|cli| cli.bench.load)
}

#[test]
fn all_four_loads_are_the_default() {
    let args = parsed(&[]).unwrap();
    let keys: Vec<_> = args.loads().iter().map(|load| load.key()).collect();
    assert_eq!(
        keys,
        [
            "streams-1",
            "streams-8",
            "connections",
            "requests",
            "replication",
            "replication-paced"
        ]
    );
    assert_eq!(args.long(), None);
    assert_eq!(args.pace().length, Duration::from_secs(1));
    let args = parsed(&["--only", "requests,streams", "--streams", "3"]).unwrap();
    let keys: Vec<_> = args.loads().iter().map(|load| load.key()).collect();
    assert_eq!(keys, ["streams-3", "requests"]);
}

#[test]
fn the_help_of_serve_says_who_can_reach_it() {
    let mut bench = Cli::command();
    let serve = bench.find_subcommand_mut("serve").unwrap();
    let help = serve.render_long_help().to_string();
    for part in [
        "at all IPv4 addresses",
        "NetworkPolicy",
        "--app-address 127.0.0.1",
    ] {
        assert!(help.contains(part), "{help}");
    }
}

#[test]
fn a_long_way_has_both_its_length_and_its_width_or_one_of_them() {
    let long = |flags: &[&str]| parsed(flags).unwrap().long().unwrap();
    let way = long(&["--rtt", "80ms", "--rate", "1Gbit"]);
    assert_eq!(way.rtt, Duration::from_millis(80));
    assert!(way.rate.is_some());
    assert_eq!(long(&["--rtt", "80ms"]).rate, None);
    assert_eq!(long(&["--rate", "100MB/s"]).rtt, Duration::ZERO);
    assert_eq!(parsed(&["--rtt", "0"]).unwrap().long(), None);
}

#[test]
fn what_is_wrong_is_named() {
    for (flags, said) in [
        (&["--rtt", "80"][..], "80ms"),
        (&["--rate", "1G"], "`G` is not a unit of bandwidth"),
        (&["--seconds", "0"], "not between 0.1 and 60"),
        (&["--seconds", "soon"], "not a number of seconds"),
        (&["--rounds", "0"], "0 is not in 1..=100"),
        (&["--streams", "1,0"], "0 is not in 1..=4096"),
        (&["--events", "4294967295"], "from 1 to 100000"),
        (&["--only", "bulk"], "streams, connections"),
        (&["--compare", "nginx"], "envoy, haproxy"),
        (&["--to", "db:0"], "port"),
        (&["--direct", "db"], "--to"),
        (&["--to", "db", "--compare", "envoy"], "--compare"),
    ] {
        let error = parsed(flags).unwrap_err().to_string();
        assert!(error.contains(said), "{flags:?}: {error}");
    }
    let rtt = parsed(&["--rtt", "3s"]).unwrap().unusable();
    assert!(rtt.unwrap().contains("--rtt 3s"));
    for (flags, said) in [
        (&["--streams", "1,8,1"][..], "--streams: 1 is there twice"),
        (
            &["--compare", "envoy,envoy"],
            "--compare: envoy is there twice",
        ),
        (&["--envoy", "/envoy"], "--compare envoy"),
        (
            &["--compare", "envoy", "--haproxy", "/ha"],
            "--compare haproxy",
        ),
    ] {
        let why = parsed(flags).unwrap().unusable();
        assert!(
            why.as_ref().is_some_and(|it| it.contains(said)),
            "{flags:?}: {why:?}"
        );
    }
    let both = [
        "--compare",
        "envoy",
        "--envoy",
        "/envoy",
        "--streams",
        "8,1",
    ];
    assert_eq!(parsed(&both).unwrap().unusable(), None);
    assert_eq!(parsed(&["--rtt", "2s"]).unwrap().unusable(), None);
}

#[test]
fn a_plot_is_called_svg() {
    for other in ["b.png", "svg", "b"] {
        let error = parsed(&["--plot", other]).unwrap_err().to_string();
        assert!(error.contains("no other ending than .svg"), "{error}");
    }
    let args = parsed(&["--plot", "of/b.SVG"]).unwrap();
    assert_eq!(args.plot, Some("of/b.SVG".into()));
}
