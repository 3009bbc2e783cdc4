//! One short round of every peer: that all of them can be had, are configured for the job, and do it.
//! What the figures are says nothing; ours are debug builds here.

mod built;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Of each kind one, and none that starts everybody anew.
const ROWS: &str = "bulk-down,connect,request1,paced";

/// Everybody that is measured, by job.
const GATEWAYS: [&str; 11] = [
    "ours",
    "envoy",
    "haproxy",
    "haproxy-64k",
    "haproxy-splice",
    "haproxy-splice-1m",
    "haproxy-splice-all-1m",
    "nginx",
    "nginx-64k",
    "sniproxy",
    "direct",
];
const TUNNELS: [&str; 9] = [
    "ours",
    "envoy",
    "envoy-x25519",
    "haproxy",
    "haproxy-64k",
    "nginx",
    "nginx-64k",
    "stunnel",
    "direct",
];
const RESOLVERS: [&str; 3] = ["ours", "unbound", "dnsmasq"];

/// What is asked, whether or not a run measures it.
const TARGETS: usize = 19;

#[test]
fn every_peer_does_its_job() {
    let peers = Path::new(env!("CARGO_BIN_EXE_peers"));
    built::beside(peers);
    let out = tempfile::tempdir().unwrap();
    let mut run = Command::new(peers);
    run.args(["--rounds", "1", "--seconds", "0.05", "--row", ROWS, "--out"]);
    let said = built::said_by(run.arg(out.path()));
    let text = std::fs::read_to_string(out.path().join("results.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let measured = |job: &str, subject: &str, row: &str| {
        let is = |figure: &&Value, field: &str, value: &str| figure[field] == value;
        figures.iter().any(|it| {
            is(&it, "job", job)
                && is(&it, "subject", subject)
                && is(&it, "row", row)
                && it["median"].as_f64().is_some_and(|median| median > 0.0)
        })
    };
    let connections = ["bulk-down", "connect", "request1"];
    let jobs = [
        ("gateway", &GATEWAYS[..], &connections[..]),
        ("tunnel", &TUNNELS[..], &connections[..]),
        ("resolver", &RESOLVERS[..], &["paced"][..]),
    ];
    for (job, subjects, rows) in jobs {
        for subject in subjects {
            for row in rows {
                assert!(
                    measured(job, subject, row),
                    "{job} {subject} {row} in:\n{said}"
                );
            }
        }
    }
    let verdicts = report["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), TARGETS, "{verdicts:?}");
    for verdict in verdicts {
        assert!(
            verdict["outcome"]["unknown"].is_string(),
            "judged by one round: {verdict}"
        );
    }
    let page = std::fs::read_to_string(out.path().join("results.md")).unwrap();
    for line in page.lines().filter_map(|line| line.strip_prefix("![")) {
        let file = line
            .rsplit_once('(')
            .and_then(|it| it.1.strip_suffix(')'))
            .unwrap();
        assert!(out.path().join(file).is_file(), "{file} is not there");
    }
}

#[test]
fn a_strict_run_fails_where_a_target_is_not_known() {
    let peers = Path::new(env!("CARGO_BIN_EXE_peers"));
    built::beside(peers);
    let out = tempfile::tempdir().unwrap();
    let mut run = Command::new(peers);
    // One row of ours alone, which takes no time and has a limit.
    run.args("--no-fetch --rounds 1 --only resolver --row saturated --subject ours".split(' '));
    run.args(["--seconds", "0.05", "--out"]).arg(out.path());
    built::said_by(&mut run);
    let strict = run.arg("--strict").output().unwrap();
    let said = String::from_utf8_lossy(&strict.stderr);
    assert_eq!(strict.status.code(), Some(1), "{said}");
    assert!(said.contains("(--strict)"), "{said}");
}
