//! Certificates replaced on disk while connections live.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use eastwest::certs::valid_for;
use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::rendered::printed;
use eastwest_e2e::{eastwest, hello};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whether the shim of the app's pod says something in its log, soon.
fn logged(clusters: &mut Clusters, what: &str) -> bool {
    for _ in 0..200 {
        if clusters
            .program("b-app-shim")
            .unwrap()
            .printed()
            .contains(what)
        {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

fn visit(clusters: &Clusters) -> Result<String, Option<String>> {
    let visit = clusters
        .visit("b-app", &HELLO[0].alias(), HELLO[0].port)
        .unwrap();
    visit.answer.ok_or(visit.error)
}

#[test]
fn a_new_certificate_is_used_and_no_connection_is_cut() {
    let mut clusters = hello().unwrap();
    // A connection that has been open since before: a request is sent in two parts.
    let mut held = hold(&clusters);
    let dir = clusters
        .certificates()
        .workload("cluster-b", "demo", "app")
        .unwrap();
    clusters
        .certificates()
        .issue(&dir, "cluster-b", "demo", "app", valid_for(DAY))
        .unwrap();
    assert!(logged(&mut clusters, "new certificate in use"));
    visit(&clusters).unwrap();
    assert!(held.finish().contains("hello from hello-0"));
}

#[test]
fn connections_under_way_and_new_ones_all_succeed_while_certificates_change() {
    let clusters = hello().unwrap();
    // Two that were the first to ask would leave a connection to the name server each.
    visit(&clusters).unwrap();
    let rotating = AtomicBool::new(true);
    let dir = clusters
        .certificates()
        .workload("cluster-b", "demo", "app")
        .unwrap();
    thread::scope(|scope| {
        let load: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut visits = 0;
                    while rotating.load(Ordering::Relaxed) {
                        visit(&clusters).unwrap();
                        visits += 1;
                    }
                    visits
                })
            })
            .collect();
        for _ in 0..5 {
            clusters
                .certificates()
                .issue(&dir, "cluster-b", "demo", "app", valid_for(DAY))
                .unwrap();
            thread::sleep(Duration::from_millis(400));
        }
        rotating.store(false, Ordering::Relaxed);
        let visits: usize = load.into_iter().map(|app| app.join().unwrap()).sum();
        assert!(
            visits >= 5,
            "only {visits} visits while certificates changed"
        );
    });
}

#[test]
fn a_broken_set_is_refused_and_the_old_one_stays() {
    let mut clusters = hello().unwrap();
    let dir = clusters
        .certificates()
        .workload("cluster-b", "demo", "app")
        .unwrap();
    fs::write(dir.join("cert-chain.pem"), "this is no certificate\n").unwrap();
    assert!(logged(
        &mut clusters,
        "new certificate refused; the old one stays in use"
    ));
    assert!(logged(&mut clusters, "cert-chain.pem"));
    visit(&clusters).unwrap();
}

/// The folders of deploy/kubernetes/docs/operations.md, made by the commands that are written there.
#[test]
fn the_root_is_replaced_by_the_documented_steps_and_every_visit_succeeds() {
    let home = tempfile::tempdir().unwrap();
    let args = [eastwest(), home.path().to_owned()];
    printed("check.rotation", args).unwrap();

    let mut clusters = hello().unwrap();
    let server = ("hello-0-shim", "cluster-a", "hello");
    let app = ("b-app-shim", "cluster-b", "app");
    // The clusters came with a root of their own, which nobody here trusts.
    for pod in [server, app] {
        take(&mut clusters, &home.path().join("certs"), pod);
    }
    visit(&clusters).unwrap();
    for (step, order) in [
        ("certs/step-1", [server, app]),
        ("certs/step-2", [app, server]),
        ("certs/new", [server, app]),
    ] {
        for pod in order {
            take(&mut clusters, &home.path().join(step), pod);
            visit(&clusters).unwrap_or_else(|error| panic!("{step}, {}: {error:?}", pod.0));
        }
    }
}

/// Puts a step's files in the place of a pod's, and waits until its shim has them in use.
fn take(clusters: &mut Clusters, step: &Path, (shim, cluster, account): (&str, &str, &str)) {
    let from = step.join(cluster).join("demo").join(account);
    let to = clusters
        .certificates()
        .workload(cluster, "demo", account)
        .unwrap();
    let mut used = || {
        let printed = clusters.program(shim).unwrap().printed();
        printed.matches("new certificate in use").count()
    };
    let before = used();
    // The root last: until then the set does not fit together where all three are other ones.
    for file in ["cert-chain.pem", "key.pem", "root-cert.pem"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    for _ in 0..400 {
        if used() > before {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{shim} does not use {}", from.display());
}

/// An app whose request is half sent.
struct Held {
    process: std::process::Child,
}

fn hold(clusters: &Clusters) -> Held {
    let mut command: Command = clusters.eastwest_on("b-app").unwrap();
    command.args([
        "app-visit",
        &HELLO[0].alias(),
        &HELLO[0].port.to_string(),
        "--pause",
    ]);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It says when it is connected and has sent the first part.
    let mut ready = [0; 1];
    process
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    Held { process }
}

impl Held {
    fn finish(&mut self) -> String {
        self.process.stdin.take().unwrap().write_all(b"\n").unwrap();
        let mut said = String::new();
        self.process
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(self.process.wait().unwrap().success());
        said
    }
}
