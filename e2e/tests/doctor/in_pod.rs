//! Faults in the pod that calls: its shim, its DNS, its capture.

use std::thread::sleep;
use std::time::Duration;

use eastwest::certs::valid_for;
use eastwest::clusters::{Capture, Clusters, HELLO};
use eastwest_e2e::{eastwest, hello, restart_app_shim};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::examined::{ask_hello, changed};
use crate::gateway::Frozen;
use crate::identities::{A_SECOND, SHORT};

#[test]
fn a_shim_that_does_not_run() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    ask_hello(&clusters, &[]).finds("shim-not-running", "b");
}

#[test]
fn a_shim_that_hangs() {
    let mut clusters = hello().unwrap();
    let _frozen = Frozen::program(&mut clusters, "b-app-shim");
    ask_hello(&clusters, &[]).finds("shim-hangs", "b");
}

#[test]
fn a_shim_whose_certificate_has_ended() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    let other = ("demo", "short");
    let certificates = clusters.certificates();
    let folder = certificates
        .workload("cluster-b", other.0, other.1)
        .unwrap();
    certificates
        .issue(&folder, "cluster-b", other.0, other.1, valid_for(SHORT))
        .unwrap();
    clusters
        .start_outbound_shim("b-app", other, Capture::Vip)
        .unwrap();
    sleep(SHORT + A_SECOND);
    // Its files have been replaced elsewhere: ours are good.
    ask_hello(&clusters, &[]).finds("shim-certificate", "b");
}

#[test]
fn an_alias_of_which_no_route_can_be_made() {
    let clusters = hello().unwrap();
    let file = changed(&clusters, &[("protocol: HTTP", "protocol: UDP")]);
    ask_hello(&clusters, &[])
        .manifests(&file)
        .finds("alias-down", "b");
}

#[test]
fn an_alias_that_dns_does_not_know() {
    let clusters = hello().unwrap();
    let dns = clusters.layout().dns_b().to_string();
    ask_hello(&clusters, &["--dns", &dns]).finds("dns-unknown", "b");
}

#[test]
fn a_name_server_that_does_not_answer() {
    let clusters = hello().unwrap();
    ask_hello(&clusters, &["--dns", "127.0.0.1:5399"]).finds("dns-failed", "b");
}

#[test]
fn an_alias_for_which_somebody_else_answers() {
    let clusters = hello().unwrap();
    let zone = clusters.dir().join("cluster-b.zone");
    std::fs::write(zone, "src-hello-0.demo.svc.cluster.local A 10.96.7.7 30\n").unwrap();
    let dns = clusters.layout().dns_b().to_string();
    ask_hello(&clusters, &["--dns", &dns]).finds("dns-other-answer", "b");
}

#[test]
fn an_address_at_which_nobody_listens() {
    let clusters = hello().unwrap();
    // The shim is in mode vip, so that it has no port that is 10000 higher.
    ask_hello(&clusters, &["--mode", "port"]).finds("vip-not-captured", "b");
}

/// In the app's pod a server of its own.
fn with_server(clusters: &mut Clusters, listen: &str) {
    let mut other = clusters.eastwest_on("b-app").unwrap();
    other.args(["stage-hello", "--listen", listen, "--name", "other"]);
    clusters
        .start("b-app-other", other, |printed| {
            printed.contains("listening")
        })
        .unwrap();
}

#[test]
fn an_alias_that_a_shim_beside_a_server_of_the_pod_does_not_serve() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    with_server(&mut clusters, "0.0.0.0:8080");
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    let asked = ask_hello(&clusters, &[]);
    asked.finds("vip-answered-by-another", "b");
    let said = asked.examined().said;
    let seen = said.pointer("/routes/0/fault/seen").unwrap();
    let seen = seen.as_str().unwrap();
    let why = "the shim says: a server of this pod has port 8080 of all addresses: ";
    assert!(seen.starts_with(why), "{seen}");
}

#[test]
fn an_address_that_a_server_of_the_pod_has() {
    let mut clusters = hello().unwrap();
    with_server(&mut clusters, "0.0.0.0:18080");
    ask_hello(&clusters, &["--mode", "port"]).finds("vip-answered-by-another", "b");
}

#[test]
fn an_egress_and_a_service_that_leads_to_it() {
    let mut clusters = hello().unwrap();
    let zone = clusters.dir().join("cluster-b.zone");
    std::fs::write(zone, "src-hello-0.demo.svc.cluster.local A 10.96.7.7 30\n").unwrap();
    let dns = clusters.layout().dns_b().to_string();
    let as_egress = ["--name-server", &dns, "--mode", "service"];
    restart_app_shim(&mut clusters, &as_egress).unwrap();
    ask_hello(&clusters, &["--mode", "service", "--dns", &dns]).is_healthy();
}

#[test]
fn rules_that_are_there_and_rules_that_are_not() {
    let mut clusters = hello().unwrap();
    clusters.stop("b-app-shim");
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Redirect)
        .unwrap();
    ask_hello(&clusters, &["--mode", "redirect"]).finds("vip-not-captured", "b");
    clusters.lay_capture("b-app").unwrap();
    ask_hello(&clusters, &["--mode", "redirect"]).is_healthy();
    // Nobody has to look into that. What ends later is logged later.
    let pod = HELLO[0];
    let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
    assert!(visit.answer.is_some(), "{visit:?}");
    let shim = clusters.program("b-app-shim").unwrap();
    let ended = |printed: &str| printed.contains("connection ended");
    shim.await_ready(Duration::from_secs(20), ended).unwrap();
    let logged = shim.printed();
    assert!(!logged.contains("no_route"), "{logged}");
}

#[test]
fn a_shim_that_is_about_to_end() {
    let mut clusters = hello().unwrap();
    let [resolver, dns] = [clusters.layout().resolver(), clusters.layout().dns_b()];
    let flags = [
        "--dns-listen",
        &resolver.to_string(),
        "--dns-upstream",
        &dns.to_string(),
        "--drain-lame-duck",
        "60s",
    ];
    restart_app_shim(&mut clusters, &flags).unwrap();
    let shim = clusters.program("b-app-shim").unwrap();
    let pid = Pid::from_raw(shim.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let draining = |printed: &str| printed.contains("draining");
    shim.await_ready(Duration::from_secs(20), draining).unwrap();
    ask_hello(&clusters, &[]).finds("shim-not-ready", "b");
    clusters.stop("b-app-shim");
}

#[test]
fn the_shims_own_files_are_seen_from_beside_it() {
    // As from an ephemeral container of the same user in the shim's PID namespace: the files are not in its own
    // mount namespace, and nothing says where else they are.
    let clusters = hello().unwrap();
    let mut doctor = clusters.host("b-app").unwrap().command("unshare".as_ref());
    let hide = "mount -t tmpfs none \"$1\" && shift && exec \"$@\"";
    doctor.args(["--mount", "sh", "-c", hide, "sh"]);
    doctor.arg(clusters.dir()).arg(eastwest());
    doctor.args(["doctor", "src-hello-0", "-o", "json"]);
    let output = doctor.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(said["healthy"], true, "{said:#}");
    let made = said.pointer("/routes/0/steps/0/seen").unwrap();
    let made = made.as_str().unwrap();
    assert!(made.contains("(/proc/"), "{made}");
}
