//! A way without a fault.

use std::process::Stdio;
use std::time::Duration;

use eastwest::clusters::{Capture, Clusters, HELLO};
use eastwest_e2e::{CountedClusters, hello};
use serde_json::Value;

use crate::examined::{Examined, ask, ask_hello};

/// Clusters in which each name server has been asked: of several who are the first, each would leave a
/// connection to it, and be counted as a leak.
fn asked_once() -> CountedClusters {
    let clusters = hello().unwrap();
    let [first, ..] = &HELLO;
    let visit = clusters.visit("b-app", &first.alias(), first.port).unwrap();
    assert!(visit.answer.is_some(), "{visit:?}");
    clusters
}

#[test]
fn every_hop_of_every_alias_is_fine_and_soon() {
    let clusters = asked_once();
    let aliases = HELLO.map(|pod| pod.alias());
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    // The best of three, where the machine is busy.
    let mut walks = (0..3).map(|_| ask(&clusters, &aliases).is_healthy());
    let soon = walks.find(|examined| examined.took < Duration::from_secs(3));
    let examined = soon.expect("three walks, each of 3 s or more");
    let routes = examined.said["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 3);
    for route in routes {
        let steps = route["steps"].as_array().unwrap();
        let names: Vec<_> = steps
            .iter()
            .map(|step| step["step"].as_str().unwrap())
            .collect();
        assert_eq!(names.first(), Some(&"manifests"));
        assert_eq!(names.last(), Some(&"app"));
        // The gateway is an address in these manifests.
        let skipped = steps.iter().filter(|step| step["outcome"] == "skipped");
        let skipped: Vec<_> = skipped.map(|step| &step["step"]).collect();
        assert_eq!(skipped, ["gateway-name"], "{route:#}");
    }
}

#[test]
fn all_aliases_are_asked_for_with_one_flag() {
    let clusters = asked_once();
    let examined = ask(&clusters, &["--all"]).examined();
    let routes = examined.said["routes"].as_array().unwrap();
    // Three of hello, three databases that are not running, and the one that is not exported.
    assert_eq!(routes.len(), 7);
    let healthy = routes.iter().filter(|route| route["healthy"] == true);
    assert_eq!(healthy.count(), 3, "{:#}", examined.said);
    assert_eq!(examined.status, Some(1));
}

#[test]
fn whoever_waits_hears_when_all_is_well() {
    let mut clusters = hello().unwrap();
    clusters.stop("hello-0-shim");
    let alias = HELLO[0].alias();
    let mut waiting = ask(&clusters, &[&alias, "--wait", "20s"]).command();
    let mut waiting = waiting.stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(waiting.try_wait().unwrap().is_none());
    clusters.start_inbound_shim(&HELLO[0]).unwrap();
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["healthy"], true);
    // Nobody waits for more than is asked for.
    clusters.stop("hello-0-shim");
    let examined = ask_hello(&clusters, &["--wait", "2s"]).examined();
    assert_eq!(examined.status, Some(1));
    assert!(
        examined.took < Duration::from_secs(5),
        "{:?}",
        examined.took
    );
}

#[test]
fn who_has_the_manifests_alone_walks_as_far_as_the_pod() {
    let mut clusters = hello().unwrap();
    let asked = |clusters: &_| {
        let alias = HELLO[0].alias();
        let question = ask(clusters, &[&alias, "--outside"]).on("b-node");
        question.without_identity().examined()
    };
    let Examined { status, said, .. } = asked(&clusters);
    assert_eq!(status, Some(0), "{said:#}");
    let steps = said.pointer("/routes/0/steps").unwrap();
    let outcomes = steps.as_array().unwrap().iter();
    let outcomes: Vec<[&str; 2]> = outcomes
        .map(|step| ["step", "outcome"].map(|name| step[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [
            ["manifests", "ok"],
            ["certificate", "skipped"],
            ["shim", "skipped"],
            ["dns", "skipped"],
            ["capture", "skipped"],
            ["gateway-name", "skipped"],
            ["gateway-tcp", "ok"],
            ["gateway-tls", "ok"],
            ["route", "ok"],
            ["pod-name", "ok"],
            ["pod-tcp", "ok"],
            ["pod-tls", "ok"],
            ["identities", "skipped"],
            ["app", "skipped"],
        ]
    );
    let secret = ask(&clusters, &["src-secret-0.vault", "--outside"]);
    secret.without_identity().finds("not-exported", "a");
    clusters.stop("hello-0-shim");
    let examined = asked(&clusters);
    assert_eq!(
        examined.said["routes"][0]["fault"]["code"],
        "pod-unreachable"
    );
}

#[test]
fn whoever_waits_may_have_no_files_yet() {
    let clusters = hello().unwrap();
    let alias = HELLO[0].alias();
    let folder = clusters.dir().join("later");
    let question = ask(&clusters, &[&alias, "--wait", "20s"]).manifests(&folder);
    let mut waiting = question.command().stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(waiting.try_wait().unwrap().is_none());
    // Whole at once: half a file would be another one.
    std::os::unix::fs::symlink(clusters.manifests().cluster_b(), &folder).unwrap();
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn in_the_shims_pod_nothing_has_to_be_said_twice() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Redirect)
        .unwrap();
    clusters.lay_capture("b-app").unwrap();
    let asked = |clusters: &Clusters| {
        let mut doctor = clusters.eastwest_on("b-app").unwrap();
        let alias = HELLO[0].alias();
        doctor
            .args(["doctor", &alias, "-o", "json"])
            .output()
            .unwrap()
    };
    let output = asked(&clusters);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["healthy"], true, "{said:#}");
    let capture = said.pointer("/routes/0/steps/4/seen").unwrap();
    assert!(
        capture
            .as_str()
            .unwrap()
            .starts_with("what is sent to 240."),
        "{capture}"
    );
}
