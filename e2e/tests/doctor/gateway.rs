//! Faults of the gateway, and of the way to it.

use std::path::PathBuf;

use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::{CountedClusters, hello};
use rustix::process::{Pid, Signal, kill_process};

use crate::examined::{ask, ask_hello, changed, start_peer};
use crate::view::telling_the_app;

/// Stops a program as SIGSTOP does, until this is dropped.
pub(crate) struct Frozen(Pid);

impl Frozen {
    pub(crate) fn program(clusters: &mut Clusters, name: &str) -> Self {
        let id = clusters.program(name).unwrap().id();
        let pid = Pid::from_raw(id.try_into().unwrap()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}

/// Has the node on which the app is send what is for the gateway through something that meddles with TLS.
fn through_a_meddler(clusters: &mut Clusters, with: &str) {
    let (listen, gateway) = ("0.0.0.0:15443", clusters.layout().gateway().to_string());
    let meddler = ("meddler", "b-node");
    start_peer(clusters, meddler, &["meddle", with, listen, &gateway]);
    nft(
        clusters,
        "b-node",
        "add table ip taken
         add chain ip taken arriving { type nat hook prerouting priority -100 ; }
         add rule ip taken arriving tcp dport 15443 redirect",
    );
}

/// Has the node on which the app is do this to what passes it.
fn at_the_node(clusters: &Clusters, rule: &str) {
    let script = format!(
        "add table inet fault
         add chain inet fault passing {{ type filter hook forward priority 0 ; }}
         add rule inet fault passing {rule}"
    );
    nft(clusters, "b-node", &script);
}

pub(crate) fn nft(clusters: &Clusters, host: &str, script: &str) {
    let mut nft = clusters.host(host).unwrap().command("nft".as_ref());
    let output = nft.arg(script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_name_without_an_address() {
    let clusters = hello().unwrap();
    let by_name = [
        ("resolution: STATIC", "resolution: DNS"),
        ("172.21.0.3", "gateway.cluster-a.invalid"),
    ];
    let file = changed(&clusters, &by_name);
    ask_hello(&clusters, &[])
        .manifests(&file)
        .finds("gateway-name-unknown", "b");
}

#[test]
fn a_name_that_nobody_answers_for() {
    let clusters = hello().unwrap();
    let by_name = [
        ("resolution: STATIC", "resolution: DNS"),
        ("172.21.0.3", "gateway.cluster-a.example"),
    ];
    let file = changed(&clusters, &by_name);
    ask_hello(&clusters, &["--outside", "--dns", "127.0.0.1:5399"])
        .manifests(&file)
        .finds("gateway-name-failed", "b");
}

#[test]
fn a_second_gateway_that_leads_there_is_enough() {
    let clusters = hello().unwrap();
    let first = "- address: \"172.21.0.3\" # the east-west gateway of cluster A";
    let two = "- {address: 172.21.0.9, ports: {http: 15443}}\n  - address: \"172.21.0.3\"";
    let file = changed(&clusters, &[(first, two)]);
    let examined = ask_hello(&clusters, &[]).manifests(&file).is_healthy();
    let note = examined.said.pointer("/routes/0/notes/0").unwrap();
    let note = note.as_str().unwrap();
    assert!(
        note.starts_with("gateway 172.21.0.9:15443 does not lead there"),
        "{note}"
    );
}

#[test]
fn a_port_that_is_closed() {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    ask_hello(&clusters, &[]).finds("gateway-refused", "a");
}

#[test]
fn a_port_that_is_filtered() {
    let clusters = hello().unwrap();
    at_the_node(&clusters, "tcp dport 15443 drop");
    ask_hello(&clusters, &[]).finds("gateway-filtered", "between");
}

#[test]
fn an_address_to_which_there_is_no_way() {
    let clusters = hello().unwrap();
    let no_way = "tcp dport 15443 reject with icmp type host-unreachable";
    at_the_node(&clusters, no_way);
    ask_hello(&clusters, &[]).finds("gateway-unreachable", "between");
}

#[test]
fn something_else_at_the_gateways_port() {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    let listen = clusters.layout().gateway().to_string();
    let mut other = clusters.eastwest_on("gateway").unwrap();
    other.args(["stage-hello", "--listen", &listen, "--name", "other"]);
    clusters
        .start("other", other, |printed| printed.contains("listening"))
        .unwrap();
    ask_hello(&clusters, &[]).finds("gateway-not-tls", "a");
}

#[test]
fn a_load_balancer_without_a_backend_at_the_gateways_port() {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    let listen = clusters.layout().gateway().to_string();
    let ends = ["serve", &listen, "gone", "balancer"];
    start_peer(&mut clusters, ("balancer", "gateway"), &ends);
    let asked = ask_hello(&clusters, &[]);
    asked.finds("gateway-hung-up", "a");
    let said = asked.examined().said;
    let route = said.pointer("/routes/0").unwrap();
    let seen = route.pointer("/fault/seen").unwrap().as_str().unwrap();
    assert!(
        seen.contains("a load balancer without a living backend, or a firewall"),
        "{seen}"
    );
    let steps = route["steps"].as_array().unwrap();
    let tls = steps.iter().find(|step| step["step"] == "gateway-tls");
    assert_eq!(tls.unwrap()["outcome"], "skipped", "{said:#}");
}

#[test]
fn a_gateway_that_hangs() {
    let mut clusters = hello().unwrap();
    let _frozen = Frozen::program(&mut clusters, "gateway");
    ask_hello(&clusters, &[]).finds("gateway-silent", "a");
}

#[test]
fn a_name_that_no_gateway_exports() {
    let clusters = hello().unwrap();
    ask(&clusters, &["src-secret-0.vault"]).finds("not-exported", "a");
}

/// Manifests with a rule by which the first pod is asked for as this host, and the place of its server name.
fn asked_for_as(clusters: &Clusters, host: &str) -> (PathBuf, String) {
    let file = changed(clusters, &[]);
    let rule = format!(
        "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: src-hello-0, namespace: demo}}\nspec:\n  host: {}\n  \
         trafficPolicy:\n    tls: {{mode: ISTIO_MUTUAL, sni: outbound_.8080_._.{host}}}\n",
        HELLO[0].alias()
    );
    let text = std::fs::read_to_string(&file).unwrap() + &rule;
    std::fs::write(&file, &text).unwrap();
    let line = text.lines().position(|line| line.contains("sni:")).unwrap() + 1;
    let at = format!("the DestinationRule at {}:{line}:", file.display());
    (file, at)
}

#[test]
fn a_name_that_a_rule_of_ours_sets_and_no_gateway_exports() {
    let telling_nobody = || hello().unwrap();
    for begin in [telling_nobody as fn() -> CountedClusters, telling_the_app] {
        let clusters = begin();
        let (file, at) = asked_for_as(&clusters, "hello-0.hello.misspelt.svc.cluster.local");
        let asked = ask_hello(&clusters, &[]).manifests(&file);
        asked.finds("rule-not-exported", "b");
        let said = asked.examined().said;
        let fault = said.pointer("/routes/0/fault").unwrap();
        let usual = format!("outbound_.8080_._.{}", HELLO[0].dns_name());
        let otherwise = format!("without that rule it would be {usual}: ");
        let sentence = fault["sentence"].as_str().unwrap();
        assert!(
            sentence.starts_with(&at) && sentence.contains(&otherwise),
            "{sentence}"
        );
        // What is seen of the hop as well.
        let seen = fault["seen"].as_str().unwrap();
        assert!(seen.ends_with(&format!("; {usual} is exported")), "{seen}");
        let steps = said.pointer("/routes/0/steps").unwrap().as_array().unwrap();
        assert_eq!(steps.last().unwrap()["seen"], seen);
    }
}

#[test]
fn a_name_that_a_rule_of_ours_sets_and_that_a_wildcard_exports() {
    let clusters = telling_the_app();
    let (file, at) = asked_for_as(&clusters, "hello-0.misspelt.demo.svc.cluster.local");
    let asked = ask_hello(&clusters, &[]).manifests(&file);
    asked.finds("pod-name-unknown", "a");
    let said = asked.examined().said;
    let seen = said.pointer("/routes/0/fault/seen").unwrap();
    let usual = HELLO[0].dns_name();
    let seen = seen.as_str().unwrap();
    assert!(seen.contains(&at) && seen.ends_with(&usual), "{seen}");
}

#[test]
fn something_at_the_gateways_port_that_ends_tls() {
    let mut clusters = hello().unwrap();
    clusters.stop("gateway");
    let listen = clusters.layout().gateway().to_string();
    let certificates = clusters.certificates();
    let identity = certificates.workload("cluster-a", "istio-system", "balancer");
    let identity = identity.unwrap();
    let ends_tls = [
        "exchange-serve",
        &listen,
        "balancer",
        identity.to_str().unwrap(),
    ];
    start_peer(&mut clusters, ("balancer", "gateway"), &ends_tls);
    ask_hello(&clusters, &[]).finds("gateway-ends-tls", "a");
}

#[test]
fn something_on_the_way_that_takes_our_protocol_away() {
    let mut clusters = hello().unwrap();
    through_a_meddler(&mut clusters, "protocol");
    ask_hello(&clusters, &[]).finds("alpn-refused", "between");
}

#[test]
fn something_on_the_way_that_spoils_what_is_answered() {
    let mut clusters = hello().unwrap();
    through_a_meddler(&mut clusters, "answer");
    ask_hello(&clusters, &[]).finds("handshake-broken", "a");
}
