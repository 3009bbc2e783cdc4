use super::*;
use crate::job::Taken;
use crate::row::{Metric, Reading, Row};
use crate::subject::{Kind, Ours, Subject};
use crate::tools::Tool;
use eastwest::measure::peer::envoy::Groups;
use eastwest::measure::peer::haproxy::Tuning;

/// A run of bulk through the gateway with these figures, a round each.
fn run(figures: &[(&str, Kind, &[f64])]) -> Results {
    let mut results = Results::default();
    let subjects = figures.iter().map(|(name, kind, _)| Subject {
        name: (*name).to_owned(),
        kind: kind.clone(),
    });
    results.announce(Job::Gateway, &subjects.collect::<Vec<_>>());
    for (name, _, values) in figures {
        keep_bulk(&mut results, name, values);
    }
    results
}

fn keep_bulk(results: &mut Results, name: &str, values: &[f64]) {
    for (round, value) in values.iter().enumerate() {
        let reading = Reading {
            metric: Metric::CpuPerGigabyte,
            share: Share::Whole,
            value: *value,
        };
        let taken = Taken {
            readings: vec![reading],
            window: None,
        };
        results.keep(Job::Gateway, Row::BulkDown, name, round, taken);
    }
}

/// The verdicts on that bulk: beside HAProxy, and beside Envoy.
fn on_bulk(results: &Results) -> Vec<Verdict> {
    let mut verdicts = verdicts(results);
    verdicts.retain(|it| it.figure.contains("server to client"));
    verdicts
}

fn ours() -> Kind {
    Kind::Ours(Ours {
        dir: "/nowhere".into(),
        threads: 1,
    })
}

const ENVOY_KIND: Kind = Kind::Envoy(Groups::PostQuantum);
const PLAIN: Kind = Kind::HaProxy(Tuning::Defaults);
const SPLICE: Kind = Kind::HaProxy(Tuning::SplicePipes);

#[test]
fn the_best_configuration_of_a_peer_decides() {
    let results = run(&[
        ("ours", ours(), &[0.10; 5]),
        ("envoy", ENVOY_KIND, &[0.50; 5]),
        ("haproxy", PLAIN, &[0.40; 5]),
        ("haproxy-splice-1m", SPLICE, &[0.08; 5]),
    ]);
    let verdicts = on_bulk(&results);
    let [haproxy, envoy] = verdicts.as_slice() else {
        panic!("{verdicts:?}");
    };
    assert_eq!(haproxy.outcome, Outcome::Missed);
    assert_eq!(
        haproxy.limit,
        "at most 1.00 x HAProxy at its best (haproxy-splice-1m)"
    );
    assert_eq!(haproxy.reached, "1.25 (1.25..1.25)");
    assert_eq!(envoy.outcome, Outcome::Reached);
    assert_eq!(envoy.limit, "at most 0.30 x envoy");
}

#[test]
fn nothing_is_said_of_four_rounds() {
    let results = run(&[
        ("ours", ours(), &[0.01; 4]),
        ("envoy", ENVOY_KIND, &[0.50; 4]),
    ]);
    let verdicts = on_bulk(&results);
    let envoy = verdicts
        .iter()
        .find(|it| it.limit.ends_with("envoy"))
        .unwrap();
    assert!(matches!(&envoy.outcome, Outcome::Unknown(why) if why.contains("4 rounds")));
    assert_eq!(envoy.reached, "-");
}

#[test]
fn what_was_not_measured_is_listed_and_not_known() {
    let mut results = Results::default();
    for job in [Job::Gateway, Job::Tunnel, Job::Resolver] {
        let (name, kind) = ("ours".to_owned(), ours());
        results.announce(job, &[Subject { name, kind }]);
    }
    keep_bulk(&mut results, "ours", &[0.10; 5]);
    let verdicts = verdicts(&results);
    assert_eq!(verdicts.len(), TARGETS.len());
    for verdict in verdicts {
        let Outcome::Unknown(why) = &verdict.outcome else {
            panic!("{verdict:?}");
        };
        assert_eq!(why, "not measured", "{verdict:?}");
    }
}

#[test]
fn the_best_is_not_known_without_each_of_them() {
    let verdict = |figures: &[(&str, Kind, &[f64])]| {
        let verdict = on_bulk(&run(figures)).swap_remove(0);
        (verdict.limit, verdict.outcome)
    };
    // Left out, not to be had, or failed in every round: it has no figure.
    let (limit, outcome) = verdict(&[
        ("ours", ours(), &[0.10; 5]),
        ("haproxy", PLAIN, &[0.40; 5]),
        ("haproxy-splice-1m", SPLICE, &[]),
    ]);
    assert_eq!(limit, "at most 1.00 x HAProxy at its best");
    let why = "haproxy-splice-1m: not measured".to_owned();
    assert_eq!(outcome, Outcome::Unknown(why));
    // Failed in one.
    let (_, outcome) = verdict(&[
        ("ours", ours(), &[0.10; 5]),
        ("haproxy", PLAIN, &[0.40; 5]),
        ("haproxy-splice-1m", SPLICE, &[0.08; 4]),
    ]);
    let Outcome::Unknown(why) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(why.starts_with("haproxy-splice-1m: 4 rounds"), "{why}");
}

#[test]
fn what_is_missed_beside_one_is_missed_whatever_another_has() {
    let results = run(&[
        ("ours", ours(), &[0.50; 5]),
        ("haproxy", PLAIN, &[0.40; 5]),
        ("haproxy-splice-1m", SPLICE, &[]),
    ]);
    let haproxy = on_bulk(&results).swap_remove(0);
    assert_eq!(haproxy.outcome, Outcome::Missed);
    assert_eq!(
        haproxy.limit,
        "at most 1.00 x HAProxy at its best (haproxy; haproxy-splice-1m: not measured)"
    );
}

#[test]
fn every_build_of_ours_is_judged_alone() {
    let results = run(&[
        ("ours-before", ours(), &[0.40; 5]),
        ("ours-after", ours(), &[0.10; 5]),
        ("envoy", ENVOY_KIND, &[0.50; 5]),
    ]);
    let verdicts = on_bulk(&results);
    let of = |name: &str| {
        let mut about = verdicts.iter().filter(|it| it.subject == name);
        about
            .find(|it| it.limit.ends_with("envoy"))
            .map(|it| it.outcome.clone())
    };
    assert_eq!(of("ours-before"), Some(Outcome::Missed));
    assert_eq!(of("ours-after"), Some(Outcome::Reached));
}

#[test]
fn of_a_rate_the_fastest_peer_decides() {
    let five = |value| (0..5).map(|round| (round, value)).collect::<Rounds>();
    let [one, fast, slow] = [1400.0, 1000.0, 100.0].map(five);
    let peers = [("slow", Tool::Nginx), ("fast", Tool::Envoy)].map(|(name, tool)| Contender {
        name: name.to_owned(),
        family: Family::Peer(tool),
    });
    let of = |name: &str| if name == "fast" { &fast } else { &slow };
    let worst = |more_is_better| {
        let standing = Standing::of(&one, Against::Everybody, &peers, &of, more_is_better);
        standing.worst.map(|(name, ratio)| (name, ratio.median))
    };
    assert_eq!(worst(true), Some(("fast", 1.4)));
    assert_eq!(worst(false), Some(("slow", 14.0)));
}

#[test]
fn the_size_of_a_program_and_its_start_have_limits() {
    let mut results = Results::default();
    let name = "ours".to_owned();
    let kind = ours();
    results.announce(Job::Gateway, &[Subject { name, kind }]);
    for round in 0..5 {
        let reading = |metric, value| Reading {
            metric,
            share: Share::Whole,
            value,
        };
        let taken = Taken {
            readings: vec![reading(Metric::Size, 8.1), reading(Metric::Start, 12.0)],
            window: None,
        };
        results.keep(Job::Gateway, Row::Idle, "ours", round, taken);
    }
    let outcome = |figure: &str| {
        let verdicts = verdicts(&results);
        let mut about = verdicts.into_iter();
        about
            .find(|it| it.figure.ends_with(figure))
            .map(|it| (it.limit, it.outcome))
    };
    let size = ("at most 8.00".to_owned(), Outcome::Missed);
    assert_eq!(outcome("file MB"), Some(size));
    let start = ("at most 30.0".to_owned(), Outcome::Reached);
    assert_eq!(outcome("start ms"), Some(start));
}

#[test]
fn all_is_reached_where_nothing_is_missed_unknown_or_not_asked() {
    let verdicts = |outcomes: &[Outcome]| {
        let verdict = |outcome: &Outcome| Verdict {
            subject: "ours".to_owned(),
            figure: "a figure".to_owned(),
            limit: "at most 1.00".to_owned(),
            reached: "0.90".to_owned(),
            outcome: outcome.clone(),
        };
        outcomes.iter().map(verdict).collect::<Vec<_>>()
    };
    let unknown = Outcome::Unknown(NOT_MEASURED.to_owned());
    assert!(all_reached(&verdicts(&[
        Outcome::Reached,
        Outcome::Reached
    ])));
    assert!(!all_reached(&verdicts(&[
        Outcome::Reached,
        Outcome::Missed
    ])));
    assert!(!all_reached(&verdicts(&[Outcome::Reached, unknown])));
    assert!(!all_reached(&[]));
}
