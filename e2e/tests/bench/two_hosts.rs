//! Between two hosts: one that serves, and one that loads.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use eastwest::clusters::{Capture, Layout, SOURCE};
use eastwest::leftovers::Guarded;
use eastwest_e2e::CountedClusters;
use rustix::process::{Pid, Signal, kill_process};

use super::{bench, is_complete, measured, run, said};

/// `bench serve`, and where it listens.
fn serving(dir: &Path) -> (Guarded, String) {
    let mut command = bench(&["serve", "--listen", "127.0.0.1:0"], dir);
    let mut serve = Guarded::spawn(command.stdout(Stdio::piped())).unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(serve.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ");
    (
        serve,
        address.unwrap_or_else(|| panic!("{line}")).to_owned(),
    )
}

#[test]
fn two_hosts_are_one_that_serves_and_one_that_loads() {
    let dir = tempfile::tempdir().unwrap();
    let (mut serve, address) = serving(dir.path());
    let json = measured(&[
        "--to",
        &address,
        "--direct",
        &address,
        "--seconds",
        "0.1",
        "--rounds",
        "1",
        "--rtt",
        "10ms",
    ]);
    is_complete(&json, &["direct", "path"], &[], 1);
    kill_process(Pid::from_child(&serve), Signal::TERM).unwrap();
    assert_eq!(serve.wait().unwrap().code(), Some(0));

    let (output, _dir) = run(&["--to", &address]);
    let (_, err) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("bench serve") && err.contains(&address),
        "{err}"
    );
}

/// The clusters' own path: the app in the source's pod, behind its shim, and the load in the replica's.
#[test]
fn an_alias_leads_over_the_whole_path_to_the_far_app() {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_source_shim().unwrap();
    clusters.start_gateway().unwrap();
    let replica = (SOURCE.namespace, SOURCE.account);
    clusters
        .start_outbound_shim("b-app", replica, Capture::Vip)
        .unwrap();
    let mut serve = clusters.eastwest_on(SOURCE.name).unwrap();
    serve.args(["bench", "serve"]);
    clusters
        .start("far-app", serve, |printed| printed.contains("listening on"))
        .unwrap();
    let mut load = clusters.eastwest_on("b-app").unwrap();
    load.args(["bench", "--to", &SOURCE.alias(), "-o", "json"]);
    load.args(["--seconds", "0.1", "--rounds", "1"]);
    let output = Guarded::output(&mut load).unwrap();
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    let json = serde_json::from_str(&out).unwrap();
    is_complete(&json, &["path"], &[], 1);
}
