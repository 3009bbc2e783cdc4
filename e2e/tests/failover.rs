//! Two gateways before cluster A, and one of them gone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use eastwest::clusters::{Capture, Clusters, HELLO, Layout};
use eastwest_e2e::CountedClusters;
use ipnet::IpNet;

/// The second gateway, beside the one that all set-ups have.
const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 21, 0, 4));

/// How long a gateway that failed is out, and the time between two probes of it.
const OUT: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_secs(1);

/// What a machine with other things to do may add to a time that is measured.
const SLACK: Duration = Duration::from_secs(2);

/// Both clusters; hello-0 is reached through two gateways, each a process of its own.
fn two_gateways() -> CountedClusters {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_cluster_a().unwrap();
    let stage = clusters.stage().unwrap();
    stage
        .add_address("gateway", "wan", IpNet::new_assert(SECOND, 16))
        .unwrap();
    let mut second = clusters.eastwest_on("gateway").unwrap();
    second.args(["gateway", "--log-format", "json"]);
    second
        .arg("--manifests")
        .arg(clusters.manifests().cluster_a());
    second.args(["--listen", &format!("{SECOND}:15443")]);
    second.args(["--name-server", &clusters.layout().dns_a().to_string()]);
    for (flag, port) in [("ready", 15121), ("metrics", 15120), ("admin", 15100)] {
        second.args([&format!("--{flag}-address"), &format!("127.0.0.1:{port}")]);
    }
    let ready = |printed: &str| printed.contains(r#""message":"ready""#);
    clusters.start("second-gateway", second, ready).unwrap();

    let alias = HELLO[0].alias();
    let entry = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: src-hello-0, namespace: demo}}\n\
         spec:\n  hosts: [{alias}]\n  location: MESH_INTERNAL\n  resolution: STATIC\n  \
         ports: [{{number: 8080, name: http, protocol: HTTP}}]\n  endpoints:\n  \
         - {{address: {first}, ports: {{http: 15443}}, serviceAccount: hello}}\n  \
         - {{address: {SECOND}, ports: {{http: 15443}}, serviceAccount: hello}}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: src-hello-0, namespace: demo}}\n\
         spec:\n  host: {alias}\n  trafficPolicy:\n    outlierDetection:\n      \
         consecutiveGatewayErrors: 1\n      interval: {}s\n      baseEjectionTime: {}s\n",
        INTERVAL.as_secs(),
        OUT.as_secs(),
        first = clusters.layout().gateway().ip(),
    );
    let manifests = clusters.manifests().cluster_b();
    fs::write(manifests.join("hello.yaml"), entry).unwrap();
    clusters
        .start_outbound_shim("b-app", ("demo", "app"), Capture::Vip)
        .unwrap();
    clusters
}

/// What the app gets at its first and only connect, and how long that took.
fn visit(clusters: &Clusters) -> Duration {
    let begun = Instant::now();
    let visit = clusters
        .visit("b-app", &HELLO[0].alias(), HELLO[0].port)
        .unwrap();
    let said = visit.answer.unwrap_or_else(|| panic!("{:?}", visit.error));
    assert!(said.starts_with("hello from hello-0,"), "{said}");
    begun.elapsed()
}

/// The gateways of the shim's first `count` connections, in the order in which those ended.
fn gateways(clusters: &mut Clusters, count: usize) -> Vec<IpAddr> {
    let limit = Instant::now() + SLACK;
    loop {
        let printed = clusters.program("b-app-shim").unwrap().printed();
        let ended: Vec<IpAddr> = printed
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line["message"] == "connection ended")
            .map(|line| {
                let gateway: SocketAddr = line["dst.addr"].as_str().unwrap().parse().unwrap();
                gateway.ip()
            })
            .collect();
        if ended.len() >= count {
            return ended;
        }
        assert!(Instant::now() < limit, "{ended:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the shim has said `what`, and returns how long that took.
fn says(clusters: &mut Clusters, what: &str, limit: Duration) -> Duration {
    let begun = Instant::now();
    loop {
        let printed = clusters.program("b-app-shim").unwrap().printed();
        if printed.contains(what) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < limit, "{what:?} is not in:\n{printed}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The lines of the shim's metrics that are about gateways.
fn metrics(clusters: &Clusters) -> String {
    const ASK: &str = "exec 3<>/dev/tcp/127.0.0.1/15020; \
        printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; grep ^eastwest_gateway_ <&3";
    let host = clusters.host("b-app").unwrap();
    let mut command = host.command("bash".as_ref());
    let output = command.args(["-c", ASK]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// An app that has a connection and has sent half a request.
fn hold(clusters: &Clusters) -> Child {
    let mut command: Command = clusters.eastwest_on("b-app").unwrap();
    let port = HELLO[0].port.to_string();
    command.args(["app-visit", &HELLO[0].alias(), &port, "--pause"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut held = command.spawn().unwrap();
    let mut ready = [0];
    held.stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    held
}

fn finish(mut held: Child) -> String {
    held.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut said = String::new();
    held.stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(held.wait().unwrap().success());
    said
}

#[test]
fn an_app_does_not_notice_that_a_gateway_is_killed_and_it_is_used_again_when_it_is_back() {
    let mut clusters = two_gateways();
    let first = clusters.layout().gateway().ip();
    visit(&clusters);

    clusters.stop("gateway");
    let took = visit(&clusters);
    println!("first connect after the kill: {took:?}");
    assert!(took < SLACK, "{took:?}");
    says(&mut clusters, "the gateway is tried last", SLACK);
    let counted = metrics(&clusters);
    let out = format!(r#"eastwest_gateway_ejected{{gateway="{first}:15443"}} 1"#);
    assert!(counted.contains(&out), "{counted}");
    let held = hold(&clusters);

    clusters.start_gateway().unwrap();
    let took = says(&mut clusters, "is in use again", OUT + INTERVAL + SLACK);
    println!("used again after its restart: {took:?}");
    let counted = metrics(&clusters);
    assert!(counted.contains(&out.replace(" 1", " 0")), "{counted}");
    let once = format!(
        r#"eastwest_gateway_ejections_total{{gateway="{first}:15443",reason="dial_refused"}} 1"#
    );
    assert!(counted.contains(&once), "{counted}");
    visit(&clusters);
    // What was open stays where it is.
    assert!(finish(held).contains("hello from hello-0"));
    assert_eq!(gateways(&mut clusters, 4), [first, SECOND, first, SECOND]);
    // Probes are no news to a gateway.
    let printed = clusters.program("gateway").unwrap().printed();
    assert!(!printed.contains("probe.eastwest.invalid"), "{printed}");
}

#[test]
fn a_gateway_that_is_stopped_costs_the_app_a_second_once() {
    let mut clusters = two_gateways();
    let first = clusters.layout().gateway().ip();
    let stopped = clusters.program("gateway").unwrap().id().to_string();
    let signal = |signal: &str| {
        let status = Command::new("kill").args([signal, &stopped]).status();
        assert!(status.unwrap().success());
    };
    signal("-STOP");
    let took = visit(&clusters);
    println!("first connect while it is stopped: {took:?}");
    assert!(took < Duration::from_secs(1) + SLACK, "{took:?}");
    // The probe that nobody answers takes two seconds.
    says(
        &mut clusters,
        "the gateway is tried last",
        Duration::from_secs(2) + SLACK,
    );
    let took = visit(&clusters);
    println!("second connect: {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    signal("-CONT");
    let took = says(&mut clusters, "is in use again", OUT + INTERVAL + SLACK);
    println!("used again after: {took:?}");
    visit(&clusters);
    assert_eq!(gateways(&mut clusters, 3), [SECOND, SECOND, first]);
}
